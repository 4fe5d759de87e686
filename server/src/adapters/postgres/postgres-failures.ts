import pg from 'pg';
import { ScriptoriumError } from '../../core/errors.ts';

/**
 * Classes of SQLSTATE with which the server, its state or our right to use it is at fault, not what one entry holds: a
 * retry makes sense, at the latest once somebody has mended it. All others are about the values of a statement.
 */
const STORE_CLASSES: ReadonlySet<string> = new Set([
  '08', // connection
  '25', // transaction state; a primary that became a standby is read-only
  '28', // authorization
  '3D', // no such database
  '3F', // no such schema
  '40', // rolled back: deadlock, serialization
  '42', // access rule, or a table that is not there
  '53', // resources: disk full, out of memory, too many connections
  '55', // not in the state for it: lock not available
  '57', // operator: shutdown, query canceled
  '58', // system: input or output
]);

/** SQLSTATEs after which the connection leads to the wrong server or to none. */
const LOST_CONNECTION = /^(08...|25006|57P0[1-5])$/;

/** SQLSTATE of anything thrown; `null` when the server did not say it. */
export function sqlStateOf(error: unknown): string | null {
  if (error instanceof ScriptoriumError) return sqlStateOf(error.cause);
  return error instanceof pg.DatabaseError || error instanceof StatementFailure ? (error.code ?? null) : null;
}

/** The server's own words about a statement, without its details, which may hold what was to be stored. */
class StatementFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'StatementFailure';
    this.code = code;
  }
}

/** The error that a caller of a port gets. */
export function toPortError(error: unknown): ScriptoriumError {
  if (error instanceof ScriptoriumError) return error;
  if (error instanceof TypeError || error instanceof RangeError) {
    return new ScriptoriumError('internal', undefined, { cause: error });
  }
  const state = sqlStateOf(error);
  const cause = state === null ? error : new StatementFailure(state, error instanceof Error ? error.message : '');
  return state === null || STORE_CLASSES.has(state.slice(0, 2))
    ? new ScriptoriumError('storage-unavailable', 'the database does not answer', { cause })
    : new ScriptoriumError('internal', 'the database refused a statement', { cause });
}

/** Whether the connection must not be used again after the error. */
export function endsConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === null || LOST_CONNECTION.test(state);
}

/** Whether the error is a pooler that does not let settings through. */
export function isUnsupportedSetting(error: unknown): boolean {
  return sqlStateOf(error) === '08P01' && error instanceof Error && error.message.includes('startup parameter');
}

/** The error of a call that got no answer in time. */
export function unanswered(): ScriptoriumError {
  return new ScriptoriumError('storage-unavailable', 'the database does not answer', {
    cause: new Error('no answer in time'),
  });
}
