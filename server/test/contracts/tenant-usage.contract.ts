import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantUsageReader } from '../../src/adapters/sql/tenant-usage.ts';
import type { Kysely } from 'kysely';
import type { Schema } from '../../src/adapters/sql/schema.ts';
import { AT, BY, entry, name, newTenant, newWriter, type StoreUnderTest } from './store-under-test.ts';

type SqlStoreUnderTest = StoreUnderTest & { readonly database: Kysely<Schema> };

const NEVER_WRITTEN = { epoch: 1, seq: 0, stateVector: new Uint8Array([0]) };

/** What every store tells of the use that tenants make of it. */
export function describeTenantUsage(adapter: string, open: () => Promise<SqlStoreUnderTest>): void {
  describe(`tenant usage: ${adapter}`, () => {
    let store: SqlStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());

    it('[AUTH94] counts the live documents of one tenant, and the bytes of their snapshots and of the rows above', async () => {
      const { readUsage } = createTenantUsageReader(store);
      const [ours, theirs] = [newTenant(), newTenant()];
      expect(await readUsage(ours)).toEqual({ documents: 0, bytes: 0 });
      const made = await Promise.all(['a', 'b', 'c'].map((it) => store.catalog.create(ours, name(it), 'ada', AT)));
      await store.catalog.create(theirs, name('a'), 'ada', AT);
      const [first] = made;
      if (first === undefined) throw new Error('nothing was made');
      await newWriter(store).append(entry(first.record.id, '0123456789'));
      const grown = await readUsage(ours);
      expect(grown.documents).toBe(3);
      expect(grown.bytes).toBeGreaterThanOrEqual(10);
      await store.catalog.rename(ours, name('b'), name('renamed'), BY);
      await store.catalog.remove(ours, name('c'), NEVER_WRITTEN, BY);
      expect((await readUsage(ours)).documents).toBe(2);
      expect(await readUsage(theirs)).toEqual({ documents: 1, bytes: 0 });
    });
  });
}
