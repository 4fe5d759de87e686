import { hash } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import { type PackedEntry, unpackEntries } from './packed-batch.ts';
import { isStoreFailure, toFailure } from './sqlite-failures.ts';
import { type AppendAnswer, OUTCOME, type PackedBatch } from './sqlite-messages.ts';

/** Bytes of a payload's SHA-256 that its row keeps. */
const SUM_BYTES = 16;

/** What all rows of a batch share. */
interface Flush {
  readonly writer: number;
  readonly flush: number;
  readonly at: number;
  readonly retry: boolean;
}

/**
 * The append on SQLite: one transaction per batch, so one fsync. It first tries without savepoints; only when an entry
 * fails is everything rolled back and done again with one savepoint per entry, so that a single document cannot hold
 * up the others and the usual case pays nothing for that.
 */
export class RowAppender {
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #writers = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  /** Appends a batch. Throws when the store as a whole fails; then nothing is stored. */
  append(batch: PackedBatch): AppendAnswer {
    const flush = { writer: this.#writer(batch.incarnation), flush: batch.flush, at: batch.at, retry: batch.retry };
    const entries = unpackEntries(batch);
    try {
      const outcomes = this.#transact(() => Float64Array.from(entries, (entry) => this.#appendEntry(entry, flush)));
      return { outcomes, refusals: [] };
    } catch (error) {
      if (isStoreFailure(toFailure(error))) throw error;
      return this.#appendOneByOne(entries, flush);
    }
  }

  #appendOneByOne(entries: readonly PackedEntry[], flush: Flush): AppendAnswer {
    const refusals: { documentId: number; reason: string }[] = [];
    const appendOrRefuse = (entry: PackedEntry): number => {
      this.#statements.savepoint.run();
      try {
        return this.#appendEntry(entry, flush);
      } catch (error) {
        const failure = toFailure(error);
        if (isStoreFailure(failure)) throw error;
        this.#statements.rollbackToSavepoint.run();
        refusals.push({ documentId: entry.documentId, reason: `${failure.code}: ${failure.message}` });
        return OUTCOME.refused;
      } finally {
        if (this.#database.inTransaction) this.#statements.release.run();
      }
    };
    return { outcomes: this.#transact(() => Float64Array.from(entries, appendOrRefuse)), refusals };
  }

  #transact<T>(action: () => T): T {
    this.#statements.begin.run();
    try {
      const result = action();
      this.#statements.commit.run();
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#statements.rollback.run();
      throw error;
    }
  }

  #appendEntry(entry: PackedEntry, flush: Flush): number {
    const seq = entry.payload === null ? this.#checkHead(entry) : this.#appendRow(entry, entry.payload, flush);
    if (seq >= 0) {
      for (const { client, user } of entry.bindings) this.#statements.bind.run(entry.documentId, client, user);
    }
    return seq;
  }

  #appendRow(entry: PackedEntry, payload: Uint8Array, flush: Flush): number {
    const { documentId, epoch, follows } = entry;
    const stored = flush.retry ? this.#findStored(documentId, flush) : null;
    if (stored !== null) return stored;
    const seq = this.#statements.raiseHead.get(payload.byteLength, flush.at, documentId, epoch, follows);
    if (seq === undefined) return this.#explain(entry);
    const sum = hash('sha256', payload, 'buffer').subarray(0, SUM_BYTES);
    this.#statements.insertRow.run(documentId, seq, flush.at, flush.writer, flush.flush, sum, payload);
    return seq;
  }

  /** Why no head was raised. */
  #explain(entry: PackedEntry): number {
    const head = this.#checkHead(entry);
    return head >= 0 ? OUTCOME.moved : head;
  }

  /** The head of a live document at the entry's epoch, else why the entry cannot be stored. */
  #checkHead({ documentId, epoch }: PackedEntry): number {
    const row = this.#statements.readHead.get(documentId);
    if (row === undefined || row.live !== 1) return OUTCOME.deleted;
    return row.epoch === epoch ? row.head : OUTCOME.fenced;
  }

  /** Where an earlier try of this flush put the document's row; a writer's flushes only rise, which ends the search. */
  #findStored(documentId: number, { writer, flush }: Flush): number | null {
    for (const row of this.#statements.rowsOfWriter.iterate(documentId, writer)) {
      if (row.flush === flush) return row.seq;
      if (row.flush < flush) return null;
    }
    return null;
  }

  /** The writer's number. It commits by itself, so that a failed batch cannot take it back. */
  #writer(incarnation: string): number {
    const known = this.#writers.get(incarnation);
    if (known !== undefined) return known;
    this.#statements.insertWriter.run(incarnation);
    const id = this.#statements.readWriter.get(incarnation) ?? 0;
    this.#writers.set(incarnation, id);
    return id;
  }
}

function prepareStatements(database: Database) {
  const pluck = <Parameters extends unknown[], Value>(sql: string): Statement<Parameters, Value> =>
    database.prepare<Parameters, Value>(sql).pluck();
  return {
    begin: database.prepare<[]>('begin immediate'),
    commit: database.prepare<[]>('commit'),
    rollback: database.prepare<[]>('rollback'),
    savepoint: database.prepare<[]>('savepoint entry'),
    rollbackToSavepoint: database.prepare<[]>('rollback to entry'),
    release: database.prepare<[]>('release entry'),
    raiseHead: pluck<[number, number, number, number, number], number>(
      `update document_heads set head = head + 1, tail_bytes = tail_bytes + ?, updated_at = ?
       where document_id = ? and epoch = ? and live = 1 and ? in (-1, head) returning head`,
    ),
    insertRow: database.prepare<[number, number, number, number, number, Uint8Array, Uint8Array]>(
      'insert into log_rows (document_id, seq, at, writer, flush, sum, payload) values (?, ?, ?, ?, ?, ?, ?)',
    ),
    readHead: database.prepare<[number], { epoch: number; head: number; live: number }>(
      'select epoch, head, live from document_heads where document_id = ?',
    ),
    rowsOfWriter: database.prepare<[number, number], { seq: number; flush: number }>(
      'select seq, flush from log_rows where document_id = ? and writer = ? order by seq desc',
    ),
    bind: database.prepare<[number, number, string]>(
      'insert into client_bindings (document_id, client, user_id) values (?, ?, ?) on conflict do nothing',
    ),
    insertWriter: database.prepare<[string]>('insert into log_writers (incarnation) values (?) on conflict do nothing'),
    readWriter: pluck<[string], number>('select id from log_writers where incarnation = ?'),
  };
}
