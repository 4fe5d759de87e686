import { parentPort, workerData } from 'node:worker_threads';
import type { Database, Statement } from 'better-sqlite3';
import { RowAppender } from './append-rows.ts';
import { openDatabase } from './open-database.ts';
import { isStoreFailure, toFailure } from './sqlite-failures.ts';
import type { Answers, Command, QueryAnswer, WorkerOptions, WorkerRequest, WorkerResponse } from './sqlite-messages.ts';

/** Pages in the write-ahead log from which on they are moved into the database (8 MB). */
const CHECKPOINT_PAGES = 2_000;
/** Commands that write between two looks at the log, and bytes of payload that count as one of them. */
const CHECK_INTERVAL = 16;
const BYTES_PER_COMMAND = 128 * 1024;
/** Texts of statements are few, but a list of ids has as many as it has lengths. */
const CACHED_STATEMENTS = 128;

/** Does what the main thread asks, one request at a time, on the only connection. */
class SqliteWorker {
  readonly #database: Database;
  readonly #appender: RowAppender;
  readonly #statements = new Map<string, Statement>();
  readonly #countPages: Statement<[], { log: number; checkpointed: number }>;
  #sinceCheck = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#appender = new RowAppender(database);
    this.#countPages = database.prepare('pragma wal_checkpoint(noop)');
  }

  execute(command: Command): Answers[keyof Answers] {
    switch (command.kind) {
      case 'append':
        return this.#appender.append(command.batch);
      case 'query':
        return this.#query(command.sql, command.parameters);
      case 'begin':
        // Left open only when its owner gave up waiting for an answer.
        this.#rollback();
        this.#database.exec('begin immediate');
        return null;
      case 'commit':
        return this.#commit();
      case 'rollback':
        return this.#rollback();
      case 'close':
        return this.#close();
    }
  }

  /** Moves pages from the write-ahead log into the database once there are many; to be called after what writes. */
  checkpoint(command: Command): void {
    this.#sinceCheck += 1 + (command.kind === 'append' ? command.batch.payloads.byteLength / BYTES_PER_COMMAND : 0);
    if (this.#sinceCheck < CHECK_INTERVAL || !this.#database.open || this.#database.inTransaction) return;
    this.#sinceCheck = 0;
    try {
      const pages = this.#countPages.get();
      if (pages === undefined || pages.log - pages.checkpointed < CHECKPOINT_PAGES) return;
      this.#database.pragma('wal_checkpoint(passive)');
    } catch (error) {
      // The log keeps all of it, so nothing is lost; a disk that is full or broken fails the next append too.
      if (!isStoreFailure(toFailure(error))) throw error;
    }
  }

  #query(sql: string, parameters: readonly unknown[]): QueryAnswer {
    const statement = this.#prepare(sql);
    if (statement.reader) return { rows: statement.all(...parameters), changes: 0 };
    return { rows: [], changes: statement.run(...parameters).changes };
  }

  #prepare(sql: string): Statement {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    // Set anew, so that the map's order is that of last use.
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    for (const oldest of this.#statements.keys()) {
      if (this.#statements.size <= CACHED_STATEMENTS) break;
      this.#statements.delete(oldest);
    }
    return statement;
  }

  /** A commit that fails is rolled back here, since the main thread lets the next request go before it knows. */
  #commit(): null {
    try {
      this.#database.exec('commit');
    } catch (error) {
      this.#rollback();
      throw error;
    }
    return null;
  }

  #rollback(): null {
    if (this.#database.inTransaction) this.#database.exec('rollback');
    return null;
  }

  #close(): null {
    this.#rollback();
    this.#database.pragma('wal_checkpoint(truncate)');
    this.#database.close();
    return null;
  }
}

function serve(port: NonNullable<typeof parentPort>, options: WorkerOptions): void {
  const send = (response: WorkerResponse, transfer: readonly ArrayBuffer[] = []): void =>
    port.postMessage(response, [...transfer]);
  let worker: SqliteWorker;
  try {
    worker = new SqliteWorker(openDatabase(options.file));
  } catch (error) {
    send({ kind: 'unusable', failure: toFailure(error) });
    port.close();
    return;
  }
  port.on('message', ({ id, command }: WorkerRequest) => {
    try {
      const answer = worker.execute(command);
      const transfer = answer !== null && 'outcomes' in answer ? [answer.outcomes.buffer] : [];
      send({ kind: 'answer', id, answer }, transfer);
    } catch (error) {
      send({ kind: 'failure', id, failure: toFailure(error) });
    }
    // The answer is on its way, so nobody waits for this but the next request.
    if (command.kind === 'close') port.close();
    else if (command.kind !== 'query') worker.checkpoint(command);
    // This thread makes so little that nothing makes V8 collect what it was handed: 60 MB of payloads were seen waiting.
    if (command.kind === 'append') command.batch.payloads.buffer.transfer(0);
  });
  send({ kind: 'ready' });
}

if (parentPort !== null) serve(parentPort, workerData as WorkerOptions);
