import { ScriptoriumError } from '../../core/errors.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { AppendBatch, AppendResult } from '../../ports/update-log.ts';
import { appendEntries, type Attempt, type Outcomes, prepareEntry, type PreparedEntry } from './append-statement.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { sqlStateOf } from './postgres-failures.ts';
import { repeatAppend } from './repeat-append.ts';

export interface RowAppenderDeps {
  readonly pool: ConnectionPool;
  readonly log: Logger;
  /** Bytes above which a payload is refused. */
  readonly largestPayload: number;
}

/** A larger flush goes in several statements, each of which has to be through in the time for one. */
const STATEMENT_BYTES = 32 * 1024 * 1024;

/** Makes a writer known. One that is known goes on above every ticket that the server has seen. */
const REGISTER = `
  insert into log_writers (incarnation) values ($1)
  on conflict (incarnation) do update set ticket = log_writers.ticket + 1
  returning ticket`;

/** The last ticket that an incarnation handed out. Each attempt takes the next, whatever became of those before it. */
interface Tickets {
  last: number;
}

/** What all statements of one call have in common. */
interface Flush {
  readonly incarnation: string;
  readonly flush: number;
  readonly at: number;
  readonly retry: boolean;
}

/**
 * The append on PostgreSQL: one statement for all documents of a flush. When its outcome is unknown, the first try may
 * even arrive after the second one. So each attempt shows a ticket higher than all before it: an attempt that comes late
 * stores nothing, and a retry first waits for one that is at work, then looks up what is stored, then adds the rest.
 */
export class RowAppender {
  readonly #deps: RowAppenderDeps;
  readonly #tickets = new Map<string, Tickets>();
  /** The end of each incarnation's last append: tickets must reach the server in the order they were handed out. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(deps: RowAppenderDeps) {
    this.#deps = deps;
  }

  /** Throws `storage-unavailable` when the store as a whole fails; then a part of the batch may be stored. */
  append(batch: AppendBatch): Promise<readonly AppendResult[]> {
    const entries = batch.entries.map(prepareEntry);
    const before = this.#turns.get(batch.incarnation) ?? Promise.resolve();
    const mine = before.then(() => this.#appendAll(batch, entries));
    const ended = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(batch.incarnation, ended);
    return mine.finally(() => {
      if (this.#turns.get(batch.incarnation) === ended) this.#turns.delete(batch.incarnation);
    });
  }

  async #appendAll(flush: Flush, entries: readonly PreparedEntry[]): Promise<readonly AppendResult[]> {
    const outcomes = new Map<number, AppendResult>();
    for (const part of splitBySize(entries)) {
      for (const [documentId, result] of await this.#appendPart(flush, part)) outcomes.set(documentId, result);
    }
    return entries.map(({ documentId }) => outcomes.get(documentId) ?? { kind: 'busy' });
  }

  /** Halves a part that the server refuses, until the entry that it refuses is alone, and then refused once more. */
  async #appendPart(flush: Flush, entries: readonly PreparedEntry[], lastTry = false): Promise<Outcomes> {
    try {
      return await this.#appendOnce(flush, entries);
    } catch (error) {
      if (!(error instanceof ScriptoriumError) || error.code !== 'internal') throw error;
      if (entries.length === 1) return lastTry ? this.#refuse(entries, error) : this.#appendPart(flush, entries, true);
      const middle = entries.length >> 1;
      const left = await this.#appendPart(flush, entries.slice(0, middle));
      return new Map([...left, ...(await this.#appendPart(flush, entries.slice(middle)))]);
    }
  }

  async #appendOnce({ incarnation, flush, at, retry }: Flush, entries: readonly PreparedEntry[]): Promise<Outcomes> {
    if (entries.some(({ payload }) => payload !== null && payload.byteLength > this.#deps.largestPayload)) {
      throw new ScriptoriumError('internal', 'the payload is too large for a row');
    }
    const tickets = this.#tickets.get(incarnation) ?? (await this.#register(incarnation));
    const nextAttempt = (): Attempt => {
      tickets.last += 1;
      return { incarnation, ticket: tickets.last, flush, at };
    };
    const outcomes = await this.#deps.pool.use((lease) =>
      retry ? repeatAppend(lease, nextAttempt, entries) : appendEntries(lease, nextAttempt(), entries),
    );
    if (outcomes !== null) return outcomes;
    // The server knows a higher ticket, or not this writer any more; the next attempt asks it where to go on.
    this.#tickets.delete(incarnation);
    throw new ScriptoriumError('storage-unavailable', 'a later attempt overtook this one');
  }

  #refuse(entries: readonly PreparedEntry[], error: ScriptoriumError): Outcomes {
    for (const { documentId } of entries) {
      this.#deps.log.error('append_refused', { documentId, sqlState: sqlStateOf(error) }, error);
    }
    return new Map(entries.map(({ documentId }) => [documentId, { kind: 'refused' }]));
  }

  async #register(incarnation: string): Promise<Tickets> {
    const { rows } = await this.#deps.pool.use((lease) => lease.query(REGISTER, [incarnation]));
    const tickets = { last: Number(rows[0]?.['ticket']) };
    this.#tickets.set(incarnation, tickets);
    return tickets;
  }
}

/** Parts of the batch, in its order, of as many bytes as one statement should carry; a large entry is one by itself. */
function splitBySize(entries: readonly PreparedEntry[]): readonly (readonly PreparedEntry[])[] {
  const parts: PreparedEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const size = entry.payload?.byteLength ?? 0;
    if (bytes + size > STATEMENT_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(entry);
    bytes += size;
  }
  return parts;
}
