import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Schema } from '../../src/adapters/sql/schema.ts';
import { createRandom } from '../support/random.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { BY, AT, entry, name, newDocument, newTenant, newWriter, removeNow } from './store-under-test.ts';

/** What only an engine with concurrent writers can get wrong in the portable queries. */
describe.skipIf(missing.postgres)('changes at the same moment on PostgreSQL', () => {
  let store: PostgresStoreUnderTest;
  beforeAll(async () => void (store = await openPostgresStore(await newDatabase())));
  afterAll(() => store.close());

  /** Does the first change, waits in its transaction until the second is stuck behind it, and commits. */
  async function overlap<T>(
    first: (transaction: Transaction<Schema>) => Promise<unknown>,
    second: () => Promise<T>,
  ): Promise<T> {
    let result: Promise<T> | null = null;
    await store.database.transaction().execute(async (transaction) => {
      await first(transaction);
      result = second();
      await waitUntil('the second change waits', async () => {
        const { rows } = await sql<{ readonly waiting: boolean }>`
          select count(*) > 0 as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(store.database);
        return rows[0]!.waiting;
      });
    });
    if (result === null) throw new Error('there was no second change');
    return result;
  }

  it('[LOG41] a deletion leaves a document alone that was just made at a redirect to the deleted one', async () => {
    const tenant = newTenant();
    const { record: old } = await store.catalog.create(tenant, name('old'), 'ada', AT);
    await store.catalog.rename(tenant, name('old'), name('new'), BY);
    const another = await newDocument(store);
    const removed = await overlap(
      (transaction) =>
        transaction
          .updateTable('document_names')
          .set({ state: 'live', document_id: another.id })
          .where('tenant', '=', tenant)
          .where('name', '=', 'old')
          .execute(),
      () => removeNow(store, { tenant, name: name('new') }),
    );
    expect(removed).toBe('removed');
    expect(await store.catalog.resolve(tenant, name('old'))).toMatchObject({
      kind: 'found',
      record: { id: another.id },
    });
    expect(await store.catalog.resolve(tenant, name('new'))).toMatchObject({ kind: 'deleted' });
    expect(old.id).not.toBe(another.id);
  });

  it('[LOG44] a document made at a redirect is above the epoch that the redirect is just being given', async () => {
    const tenant = newTenant();
    const { record } = await store.catalog.create(tenant, name('old'), 'ada', AT);
    await store.catalog.rename(tenant, name('old'), name('new'), BY);
    const made = await overlap(
      (transaction) =>
        transaction.updateTable('document_heads').set({ epoch: 5 }).where('document_id', '=', record.id).execute(),
      () => store.catalog.create(tenant, name('old'), 'ada', AT),
    );
    expect(made).toMatchObject({ kind: 'created', record: { epoch: 6 } });
  });

  it('[SNAP24] a sweeper that waited for a key leaves it when it was named meanwhile', async () => {
    const { id } = await newDocument(store);
    await newWriter(store).append(entry(id, 'a'));
    await store.register.register(id, `key/${id}`, AT);
    const taken = await overlap(
      (transaction) =>
        transaction.updateTable('object_register').set({ state: 1 }).where('key', '=', `key/${id}`).execute(),
      () => store.register.takeExpired({ now: AT + 1, retryAt: AT * 2, limit: 1_000 }),
    );
    expect(taken).not.toContain(`key/${id}`);
  });

  it('[SNAP56] a sweeper that ends in a deadlock with a publication comes out of it, and so does the publication', async () => {
    const { id } = await newDocument(store);
    const [first, second] = [`dead/${id}/1`, `dead/${id}/2`];
    for (const key of [first, second]) await store.register.register(id, key, AT);
    const touch = (transaction: Transaction<Schema>, key: string) =>
      transaction
        .updateTable('object_register')
        .set({ expires_at: AT + 1 })
        .where('key', '=', key)
        .execute();
    const sweeps: Promise<readonly string[]>[] = [];
    await store.database.transaction().execute(async (transaction) => {
      await touch(transaction, second);
      // It has the first, and waits for the second.
      sweeps.push(store.register.takeExpired({ now: AT + 2, retryAt: AT * 2, limit: 1_000 }));
      await waitUntil('the sweeper waits', async () => {
        const { rows } = await sql<{ readonly waiting: boolean }>`
          select count(*) > 0 as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(store.database);
        return rows[0]!.waiting;
      });
      await touch(transaction, first);
    });
    expect((await Promise.all(sweeps)).flat()).toEqual(expect.arrayContaining([first, second]));
  });

  it("[SNAP21] who publishes too late gives nobody else's key to the sweeper", async () => {
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await writer.append(entry(id, text));
    for (let expected = 0; expected < 8; expected += 1) {
      const keys = Array.from({ length: 12 }, (_, index) => `race/${id}/${expected}/${index}`);
      for (const key of keys) await store.register.register(id, key, AT);
      // Those of another epoch hold nothing that would make them wait for the one that wins.
      const publish = (key: string, index: number) => {
        const place = { kind: 'object', key } as const;
        const snapshot = { seq: expected + 1, at: AT, sha256: 'ab', bytes: 1, place };
        const epoch = index % 4 === 0 ? 1 : 2;
        return store.snapshotIndex.publish({ documentId: id, epoch, expectedSeq: expected, snapshot });
      };
      await Promise.all(keys.map(publish));
      expect((await store.log.readLoadStart(id))?.snapshot?.seq).toBe(expected + 1);
      const named = await store.database
        .selectFrom('object_register')
        .select('key')
        .where('document_id', '=', id)
        .where('state', '=', 1)
        .execute();
      const pointers = await store.database
        .selectFrom('snapshots')
        .select('key')
        .where('document_id', '=', id)
        .execute();
      expect(new Set(named.map(({ key }) => key))).toEqual(new Set(pointers.map(({ key }) => key)));
    }
  });

  it('[LOG43] names that are given and taken by many at once end in order, and nobody is told of a conflict', async () => {
    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    const tenant = newTenant();
    const names = ['a', 'b', 'c', 'd'].map(name);
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for (let round = 0; round < 15; round += 1) {
          if (random.chance(0.4)) await store.catalog.create(tenant, random.pick(names), 'ada', AT);
          else if (random.chance(0.7)) await store.catalog.rename(tenant, random.pick(names), random.pick(names), BY);
          else await removeNow(store, { tenant, name: random.pick(names) });
        }
      }),
    );
    const live = await store.database
      .selectFrom('document_names')
      .innerJoin('document_heads', 'document_heads.document_id', 'document_names.document_id')
      .innerJoin('documents', 'documents.id', 'document_names.document_id')
      .select(['document_names.name', 'document_names.document_id', 'documents.name as own'])
      .select(['document_names.state', 'document_heads.live'])
      .where('document_names.tenant', '=', tenant)
      .execute();
    const states = live.map(({ state, live: alive, name: at, own }) => ({
      fits: state === 'live' ? alive === 1 && at === own : state === 'renamed' ? alive === 1 : state === 'deleted',
      seed,
    }));
    expect(states.filter(({ fits }) => !fits)).toEqual([]);
    const ids = live.filter(({ state }) => state === 'live').map((row) => row.document_id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
