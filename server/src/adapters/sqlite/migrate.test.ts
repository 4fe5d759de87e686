import SqliteDatabase, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, NewerDatabaseError } from './migrate.ts';

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
    expect(version()).toBe(3);
    migrate(database);
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").pluck().all();
    expect(tables).toEqual(
      expect.arrayContaining(['documents', 'document_names', 'document_heads', 'log_rows', 'grants', 'api_keys']),
    );
  });
});
