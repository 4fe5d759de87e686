import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, newDatabase } from '../services/shared-services.ts';
import { grant } from './access-store-under-test.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { newTenant } from './store-under-test.ts';

/** Seconds; what is asked meanwhile comes first, however slow the machine. */
const LONG_READ = 3;

describe.skipIf(missing.postgres)('while the connection for reads is taken', () => {
  let store: PostgresStoreUnderTest;
  beforeAll(async () => {
    store = await openPostgresStore(await newDatabase(), { poolSize: 4 });
  });
  afterAll(() => store.close());

  it('[AUTH260] what revocations hang on has its turn at once', async () => {
    const tenant = newTenant();
    const before = await store.accessChanges.readRevision();
    await store.grants.set(tenant, grant('user:ada', 'a'));
    const done: string[] = [];
    // Of four connections two are for appends, and one is for this.
    const read = sql`select pg_sleep(${LONG_READ})`.execute(store.database).then(() => done.push('a long read'));
    await sleep(300);
    const [revision, changes, standing, key] = await Promise.all([
      store.accessChanges.readRevision(),
      store.accessChanges.readChangesSince(before, 10),
      store.grants.readStanding(tenant, 'ada', [{ kind: 'user', id: 'ada' }]),
      store.keys.find('unknown'),
    ]);
    expect(done).toEqual([]);
    expect(revision).toBe(before + 1);
    expect(changes).toMatchObject({ kind: 'changes', changes: [{ subject: { kind: 'user', id: 'ada' } }] });
    expect(standing.grants).toHaveLength(1);
    expect(key).toBeNull();
    await read;
  });
});
