import type { Worker } from 'node:worker_threads';
import { Kysely } from 'kysely';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { AppendBatch, AppendResult } from '../../ports/update-log.ts';
import type { Schema } from '../sql/schema.ts';
import { packBatch, unpackOutcomes } from './packed-batch.ts';
import type { QueryAnswer } from './sqlite-messages.ts';
import { type TransactionChannel, WorkerDialect } from './worker-dialect.ts';
import { WorkerLink } from './worker-link.ts';

export interface SqliteConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly startWorker: () => Worker;
}

/** Milliseconds before a dead worker is started again: doubled from the first to the last. */
const RESTART = { first: 100, last: 5_000 } as const;

/**
 * The embedded database: one worker thread with the only connection. The worker does one request after the other, so a
 * transaction of several requests holds back all others until it ends. When the worker dies, what is in flight is
 * rejected with `storage-unavailable`, and so is everything until a new one is up.
 */
export class SqliteConnection {
  /** For portable SQL; its transactions are atomic among all that use this connection. */
  readonly database: Kysely<Schema>;
  readonly #deps: SqliteConnectionDeps;
  #link: WorkerLink | null = null;
  #restart: Timer | null = null;
  #failures = 0;
  /** Resolves when the open transaction ends; null when none is open, which is checked in the turn of each send. */
  #transaction: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #closed = false;

  private constructor(deps: SqliteConnectionDeps) {
    this.#deps = deps;
    this.database = new Kysely<Schema>({
      dialect: new WorkerDialect({
        query: async (sql, parameters) => {
          while (this.#transaction !== null) await this.#transaction;
          return this.#current().send({ kind: 'query', sql, parameters });
        },
        begin: () => this.#begin(),
      }),
    });
  }

  /** Starts the worker and waits for it; throws what kept the database from opening. */
  static async open(deps: SqliteConnectionDeps): Promise<SqliteConnection> {
    const connection = new SqliteConnection(deps);
    await connection.#start();
    return connection;
  }

  /** Whether requests reach the database at present. */
  get available(): boolean {
    return this.#link?.responsive ?? false;
  }

  /** Commits a batch durably, in one transaction. */
  async append(batch: AppendBatch): Promise<readonly AppendResult[]> {
    while (this.#transaction !== null) await this.#transaction;
    const packed = packBatch(batch);
    const answer = await this.#current().send({ kind: 'append', batch: packed }, [
      packed.layout.buffer,
      packed.payloads.buffer,
    ]);
    for (const { documentId, reason } of answer.refusals) {
      this.#deps.log.error('append_refused', { documentId, reason });
    }
    return unpackOutcomes(answer.outcomes);
  }

  /** Finishes what was asked for before, moves the log into the database and ends the worker. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#restart?.cancel();
    while (this.#transaction !== null) await this.#transaction;
    this.#closed = true;
    const link = this.#link;
    if (link === null) return;
    await link.send({ kind: 'close' }).catch((error: unknown) => {
      this.#deps.log.warn('sqlite_close_failed', {}, error);
      return link.terminate();
    });
    await link.ended;
  }

  async #start(): Promise<void> {
    const link: WorkerLink = new WorkerLink({
      worker: this.#deps.startWorker(),
      clock: this.#deps.clock,
      onEnd: (cause) => this.#onEnd(link, cause),
    });
    await link.ready;
    this.#failures = 0;
    // Closed while the worker was starting again.
    if (this.#closed) await link.send({ kind: 'close' });
    else this.#link = link;
  }

  #onEnd(link: WorkerLink, cause: Error | null): void {
    if (this.#link !== link) return;
    this.#link = null;
    if (cause === null || this.#closing !== null) return;
    this.#deps.log.error('sqlite_worker_ended', {}, cause);
    this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    const delay = Math.min(RESTART.last, RESTART.first * 2 ** this.#failures);
    this.#failures += 1;
    this.#restart = this.#deps.clock.after(delay * (0.5 + this.#deps.clock.random() / 2), () => {
      this.#start().then(
        () => this.#deps.log.info('sqlite_worker_restarted'),
        (error: unknown) => {
          this.#deps.log.error('sqlite_worker_restart_failed', {}, error);
          if (this.#closing === null) this.#scheduleRestart();
        },
      );
    });
  }

  #current(): WorkerLink {
    if (this.#closed) throw new ScriptoriumError('storage-unavailable', 'the database is closed');
    if (this.#link === null) throw new ScriptoriumError('storage-unavailable', 'the database is being opened again');
    return this.#link;
  }

  async #begin(): Promise<TransactionChannel> {
    while (this.#transaction !== null) await this.#transaction;
    const link = this.#current();
    const ended = Promise.withResolvers<void>();
    this.#transaction = ended.promise;
    const transaction = new OpenTransaction(link, () => {
      this.#transaction = null;
      ended.resolve();
    });
    try {
      await link.send({ kind: 'begin' });
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    return transaction;
  }
}

/** One transaction over one worker's life. Once its end is sent, the next one may begin, so it must not send again. */
class OpenTransaction implements TransactionChannel {
  readonly #link: WorkerLink;
  readonly #onEnd: () => void;
  #open = true;

  constructor(link: WorkerLink, onEnd: () => void) {
    this.#link = link;
    this.#onEnd = onEnd;
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    if (!this.#open) throw new ScriptoriumError('internal', 'the transaction has ended');
    return this.#link.send({ kind: 'query', sql, parameters });
  }

  async commit(): Promise<void> {
    await this.#end('commit');
  }

  /** Never throws: a worker that is gone has rolled back. */
  async rollback(): Promise<void> {
    await this.#end('rollback').catch(() => undefined);
  }

  async #end(kind: 'commit' | 'rollback'): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const done = this.#link.send({ kind });
    this.#onEnd();
    await done;
  }
}
