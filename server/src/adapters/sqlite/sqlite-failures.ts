import { ScriptoriumError } from '../../core/errors.ts';
import type { Failure } from './sqlite-messages.ts';

/** Codes with which the whole store, not one statement, is at fault; their extended forms begin the same. */
const STORE_CODES = [
  'SQLITE_BUSY',
  'SQLITE_CANTOPEN',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_LOCKED',
  'SQLITE_NOMEM',
  'SQLITE_NOTADB',
  'SQLITE_PERM',
  'SQLITE_READONLY',
] as const;

/** Describes anything thrown, so that it can go from worker to main thread. */
export function toFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { code, message };
}

/** Whether the store as a whole is at fault: disk full, input or output failed, no memory, locked. */
export function isStoreFailure(failure: Failure): boolean {
  return STORE_CODES.some((code) => failure.code === code || failure.code.startsWith(`${code}_`));
}

/** The error that a caller of a port gets. */
export function toPortError(failure: Failure): ScriptoriumError {
  const cause = new Error(`${failure.code}: ${failure.message}`);
  return isStoreFailure(failure)
    ? new ScriptoriumError('storage-unavailable', 'the database does not answer', { cause })
    : new ScriptoriumError('internal', 'the database refused a statement', { cause });
}
