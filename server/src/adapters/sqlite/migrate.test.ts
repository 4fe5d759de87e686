import SqliteDatabase, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, NewerDatabaseError } from './migrate.ts';
import { documentsAndLog } from './migrations/0001-documents-and-log.ts';

const first = { version: 1, sql: 'create table a (x); insert into a values (1)' };
const second = { version: 2, sql: 'create table b (x); insert into b select x + 1 from a' };
const broken = { version: 2, sql: 'create table b (x); insert into nowhere values (1)' };

let database: Database;
beforeEach(() => void (database = new SqliteDatabase(':memory:')));
afterEach(() => void database.close());

const version = (): unknown => database.pragma('user_version', { simple: true });

describe('migrations', () => {
  it('[OPS30] each step runs once, in order, and the version says how far it got', () => {
    migrate(database, [first]);
    expect(version()).toBe(1);
    migrate(database, [first, second]);
    migrate(database, [first, second]);
    expect(version()).toBe(2);
    expect(database.prepare('select x from b').pluck().all()).toEqual([2]);
  });

  it('[OPS30] a step that fails leaves nothing of itself, and what came before stays', () => {
    expect(() => migrate(database, [first, broken])).toThrow('nowhere');
    expect(version()).toBe(1);
    expect(database.prepare("select name from sqlite_schema where type = 'table'").pluck().all()).toEqual(['a']);
    migrate(database, [first, second]);
    expect(version()).toBe(2);
  });

  it('[OPS21] a database with more steps than the program knows is refused', () => {
    migrate(database, [first, second]);
    expect(() => migrate(database, [first])).toThrow(NewerDatabaseError);
    expect(version()).toBe(2);
  });

  it('[OPS30] the steps that are shipped make a schema from nothing', () => {
    migrate(database);
    expect(version()).toBe(12);
    migrate(database);
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").pluck().all();
    expect(tables).toEqual(
      expect.arrayContaining(['documents', 'document_names', 'document_heads', 'log_rows', 'grants', 'api_keys']),
    );
  });

  it('[SNAP49] snapshots of the first schema are kept, the one before included, and so are their keys', () => {
    migrate(database, [documentsAndLog]);
    database.exec(`
      insert into document_heads values (1, 3, 9, 1, 50, 1000), (2, 1, 4, 1, 0, 2000), (3, 1, 1, 1, 7, 3000);
      insert into document_snapshots values (1, 8, 'd/1/b', 'bb', 20, 5, 'd/1/a', 'aa', 10);
      insert into document_snapshots values (2, 4, 'd/2/c', 'cc', 30, null, null, null, null);
      insert into snapshot_register values ('d/1/a', 1, 100, 1), ('d/1/b', 1, 200, 1), ('d/2/c', 2, 300, 1), ('d/2/x', 2, 400, 0);
    `);
    migrate(database);
    expect(
      database
        .prepare('select document_id, seq, at, bytes, sha256, key, content from snapshots order by document_id, seq')
        .raw()
        .all(),
    ).toEqual([
      [1, 5, 1000, 10, 'aa', 'd/1/a', null],
      [1, 8, 1000, 20, 'bb', 'd/1/b', null],
      [2, 4, 2000, 30, 'cc', 'd/2/c', null],
    ]);
    const heads = database
      .prepare('select document_id, head, snapshot_seq, archived_seq from document_heads order by document_id')
      .raw()
      .all();
    expect(heads).toEqual([
      [1, 9, 8, 0],
      [2, 4, 4, 0],
      [3, 1, 0, 0],
    ]);
    expect(
      database.prepare('select key, document_id, expires_at, state from object_register order by key').raw().all(),
    ).toEqual([
      ['d/1/a', 1, 100, 1],
      ['d/1/b', 1, 200, 1],
      ['d/2/c', 2, 300, 1],
      ['d/2/x', 2, 400, 0],
    ]);
  });
});
