import { rmSync } from 'node:fs';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { SearchEntry } from '../../../ports/search-index.ts';
import type { DocumentId } from '../../../ports/update-log.ts';
import type { IndexedRow, SearchProtocol } from './search-messages.ts';
import { SearchReader } from './search-reader.ts';
import { createGeneration, dropGeneration, SEARCH_SCHEMA_VERSION, tablesOf } from './search-schema.ts';
import { SearchTables } from './search-tables.ts';

const CACHE_KILOBYTES = 16_384;

/**
 * The search index's file, in the search thread. It is a view: what a power cut takes of it is written again from the
 * log, so commits do not wait for the disk, and a file that is damaged or of another version is made anew.
 */
export class SearchDatabase {
  readonly #database: Database;
  #generation: number;
  #tables: SearchTables;
  #reader: SearchReader;
  /** The fresh generation that is filled, if one is. */
  #fresh: { readonly generation: number; readonly tables: SearchTables } | null = null;

  private constructor(database: Database) {
    this.#database = database;
    this.#generation = prepareGeneration(database);
    this.#tables = new SearchTables(database, this.#generation);
    this.#reader = new SearchReader(database, this.#generation);
  }

  static open(file: string): SearchDatabase {
    try {
      return new SearchDatabase(openFile(file));
    } catch (error) {
      if (isBusy(error)) throw error;
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
      return new SearchDatabase(openFile(file));
    }
  }

  execute(command: SearchProtocol['command']): SearchProtocol['answers'][keyof SearchProtocol['answers']] {
    switch (command.kind) {
      case 'write':
        return this.#write(command.generation, command.entries);
      case 'remove':
        return this.#remove(command.documentIds, command.thorough);
      case 'read-indexed':
        return this.#readIndexed(command.documentIds);
      case 'search':
        return this.#reader.search(command.request);
      case 'begin-rebuild':
        return this.#beginRebuild();
      case 'finish-rebuild':
        return this.#use(command.generation);
      case 'abandon-rebuild':
        this.#fresh = null;
        dropGeneration(this.#database, command.generation);
        return null;
      case 'close':
        this.#database.close();
        return null;
    }
  }

  #write(generation: number | null, entries: readonly SearchEntry[]): null {
    const tables = generation === null ? this.#tables : this.#freshTables(generation);
    try {
      this.#database.transaction(() => tables.write(entries))();
    } catch (error) {
      tables.forgetKnown();
      throw error;
    }
    return null;
  }

  #freshTables(generation: number): SearchTables {
    if (this.#fresh?.generation !== generation) {
      this.#fresh = { generation, tables: new SearchTables(this.#database, generation) };
    }
    return this.#fresh.tables;
  }

  #remove(documentIds: readonly DocumentId[], thorough: boolean): null {
    this.#database.transaction(() => {
      for (const documentId of documentIds) this.#tables.remove(documentId);
      if (thorough) this.#tables.optimize();
    })();
    if (thorough) {
      // Pages that were freed keep their bytes until the file is written anew.
      this.#database.exec('vacuum');
      this.#database.pragma('wal_checkpoint(truncate)');
    }
    return null;
  }

  #readIndexed(documentIds: readonly DocumentId[]): readonly IndexedRow[] {
    const { entries } = tablesOf(this.#generation);
    return this.#database
      .prepare<[string], IndexedRow>(
        `select document_id as documentId, epoch, seq, name from ${entries}
         where document_id in (select value from json_each(?))`,
      )
      .all(JSON.stringify(documentIds));
  }

  #beginRebuild(): number {
    const generation = this.#generation + 1;
    this.#fresh = null;
    // What an earlier rebuild left that was never finished.
    dropGeneration(this.#database, generation);
    createGeneration(this.#database, generation);
    return generation;
  }

  #use(generation: number): null {
    const old = this.#generation;
    this.#database.transaction(() => {
      this.#database.prepare('update search_state set generation = ?').run(generation);
      dropGeneration(this.#database, old);
    })();
    this.#generation = generation;
    this.#tables = this.#freshTables(generation);
    this.#fresh = null;
    this.#reader = new SearchReader(this.#database, generation);
    return null;
  }
}

function openFile(file: string): Database {
  const database = new SqliteDatabase(file, { timeout: 100 });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma(`cache_size = -${CACHE_KILOBYTES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Number of the generation in use; the first one is made here. Throws for a file of another version. */
function prepareGeneration(database: Database): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version !== 0 && version !== SEARCH_SCHEMA_VERSION) {
    database.close();
    throw new Error(`a search index of version ${version}`);
  }
  if (version === 0) {
    database.transaction(() => {
      createGeneration(database, 1);
      database.exec('create table search_state (generation integer not null) strict');
      database.exec('insert into search_state values (1)');
      database.pragma(`user_version = ${SEARCH_SCHEMA_VERSION}`);
    })();
  }
  return database.prepare<[], { generation: number }>('select generation from search_state').get()?.generation ?? 1;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
