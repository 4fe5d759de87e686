import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConnectionOptions } from '../../src/adapters/postgres/connection-options.ts';
import { ConnectionPool } from '../../src/adapters/postgres/connection-pool.ts';
import { migrate, type MigrateOptions } from '../../src/adapters/postgres/migrate.ts';
import { TIMEOUTS } from '../../src/adapters/postgres/timeouts.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { openPostgresStore } from './postgres-store.ts';
import { entry, newDocument, newWriter } from './store-under-test.ts';

const first = { version: 1, name: 'first', compatibleWith: 1, sql: 'create table a (x int); insert into a values (1)' };
const second = { version: 2, name: 'second', compatibleWith: 1, sql: 'create table b as select x + 1 as x from a' };
const third = { version: 3, name: 'third', compatibleWith: 3, sql: 'drop table a' };
const broken = { ...second, sql: 'create table b (x int); insert into nowhere values (1)' };

describe.skipIf(missing.postgres)('the schema on PostgreSQL', () => {
  let url: string;
  const pools: ConnectionPool[] = [];
  beforeEach(async () => void (url = await newDatabase()));
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close(0))));

  async function openPool(): Promise<ConnectionPool> {
    const pool = new ConnectionPool({
      connection: await readConnectionOptions(url, null),
      purpose: 'upkeep',
      size: 1,
      timeouts: TIMEOUTS,
      clock: createSystemClock(),
      log: createSilentTelemetry().log,
    });
    pools.push(pool);
    return pool;
  }

  /** Migrates as a node of its own does. */
  async function migrateTo(migrations: MigrateOptions['migrations'], mode: MigrateOptions['mode'] = 'auto') {
    const pool = await openPool();
    return pool.use((lease) => migrate(lease, { mode, ...(migrations === undefined ? {} : { migrations }) }));
  }

  async function query(text: string): Promise<unknown> {
    const pool = await openPool();
    return (await pool.use((lease) => lease.query(text))).rows;
  }

  it('[OPS30] each step runs once, in order, and is remembered with its checksum', async () => {
    expect(await migrateTo([first])).toEqual(['0001-first']);
    expect(await migrateTo([first, second])).toEqual(['0002-second']);
    expect(await migrateTo([first, second])).toEqual([]);
    expect(await query('select x from b')).toEqual([{ x: 2 }]);
    const remembered = await query(
      'select version, name, length(checksum) as length from schema_migrations order by version',
    );
    expect(remembered).toEqual([
      { version: 1, name: 'first', length: 64 },
      { version: 2, name: 'second', length: 64 },
    ]);
  });

  it('[OPS30] a step that fails leaves nothing of itself, and what came before stays', async () => {
    await expect(migrateTo([first, broken])).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(await query(`select to_regclass('a') is not null as a, to_regclass('b') is not null as b`)).toEqual([
      { a: true, b: false },
    ]);
    expect(await migrateTo([first, second])).toEqual(['0002-second']);
  });

  it('[OPS32] of nodes that start at once on an empty database, each step is taken by one, and all come up', async () => {
    const taken = await Promise.all(Array.from({ length: 6 }, () => migrateTo([first, second])));
    expect(taken.flat().toSorted()).toEqual(['0001-first', '0002-second']);
    expect(await query('select x from a')).toEqual([{ x: 1 }]);
  });

  it('[OPS32] whole nodes that start at once on an empty database all come up, and append', async () => {
    const stores = await Promise.all(Array.from({ length: 3 }, () => openPostgresStore(url)));
    for (const store of stores) {
      const document = await newDocument(store);
      expect(await newWriter(store).append(entry(document.id, 'a'))).toEqual([{ kind: 'stored', seq: 1 }]);
    }
    const inDefault = await sql`select from log_rows_default`.execute(stores[0]!.database);
    expect(inDefault.rows).toEqual([]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('[OPS33] a newer database is fine while its further steps only added, and refused once one took away', async () => {
    await migrateTo([first, second]);
    expect(await migrateTo([first])).toEqual([]);
    await migrateTo([first, second, third]);
    await expect(migrateTo([first, second])).rejects.toMatchObject({
      code: 'storage-unavailable',
      detail:
        'a newer version of Scriptorium wrote the database (0003-third asks for schema 3, this program knows 2 at most)',
    });
    expect(await migrateTo([first, second, third])).toEqual([]);
  });

  it('[OPS33] a step that is not the one the program knows is refused', async () => {
    await migrateTo([first]);
    await expect(migrateTo([{ ...first, sql: `${first.sql};` }, second])).rejects.toMatchObject({
      detail: 'step 0001-first of the database is not the one that this program knows',
    });
    expect(await query(`select to_regclass('b') as b`)).toEqual([{ b: null }]);
  });

  it('[OPS34] where only a check is asked for, a schema that is behind is refused with the command that helps', async () => {
    const detail = expect.stringMatching(
      /^the schema of the database is behind, 0001-documents-and-log, .* is due: run `scriptorium migrate`$/,
    ) as string;
    await expect(openPostgresStore(url, { migrate: 'check' })).rejects.toMatchObject({
      code: 'storage-unavailable',
      detail,
    });
    expect(await query(`select to_regclass('schema_migrations') as there`)).toEqual([{ there: null }]);
    await migrateTo(undefined);
    const store = await openPostgresStore(url, { migrate: 'check' });
    await newDocument(store);
    await store.close();
  });

  it('[OPS34] an address that leads nowhere is one line that names the place and no password', async () => {
    const nowhere = new URL(url);
    nowhere.port = '1';
    nowhere.password = 'hunter2';
    await expect(openPostgresStore(nowhere.href)).rejects.toThrow(
      /^storage-unavailable: cannot use the database at 127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1$/,
    );
    nowhere.hostname = 'localhost';
    await expect(openPostgresStore(nowhere.href)).rejects.toThrow(/at localhost:1: connect ECONNREFUSED .*:1$/);
  });
});
