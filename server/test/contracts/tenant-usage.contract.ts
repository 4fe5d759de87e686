import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantUsageReader } from '../../src/adapters/sql/tenant-usage.ts';
import {
  AT,
  bytes,
  entry,
  name,
  newTenant,
  newWriter,
  type OpenStore,
  type StoreUnderTest,
} from './store-under-test.ts';

/** What every store tells of the use that tenants make of it. */
export function describeTenantUsage(adapter: string, open: OpenStore): void {
  describe(`tenant usage: ${adapter}`, () => {
    let store: StoreUnderTest;
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
      await newWriter(store).append([entry(first.record.id, '0123456789')]);
      const grown = await readUsage(ours);
      expect(grown.documents).toBe(3);
      expect(grown.bytes).toBeGreaterThanOrEqual(10);
      await store.catalog.rename(ours, name('b'), name('renamed'), AT);
      await store.catalog.remove(ours, name('c'), bytes('\0'), AT);
      expect((await readUsage(ours)).documents).toBe(2);
      expect(await readUsage(theirs)).toEqual({ documents: 1, bytes: 0 });
    });
  });
}
