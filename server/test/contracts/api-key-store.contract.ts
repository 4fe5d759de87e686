import { randomBytes } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../../src/ports/api-key-store.ts';
import type { AccessStoreUnderTest, OpenAccessStore } from './access-store-under-test.ts';
import { BY, AT, newTenant } from './store-under-test.ts';

function newKey(tenant: Tenant, more: Partial<ApiKey> = {}): ApiKey {
  return {
    id: randomBytes(8).toString('hex'),
    tenant,
    label: 'nightly export',
    role: 'viewer',
    documents: new Map([
      ['notes/*', 'editor'],
      ['notes/secret', 'none'],
    ]),
    abilities: ['read-audit'],
    createdAt: AT,
    createdBy: 'grace',
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    previousEndsAt: null,
    ...more,
  };
}

/** What every store of machines' keys must do. */
export function describeApiKeyStore(adapter: string, open: OpenAccessStore): void {
  describe(`API keys: ${adapter}`, () => {
    let store: AccessStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());

    it('[AUTH38] a key is found by its id as it was added, with the hash of its secret', async () => {
      const key = newKey(newTenant(), { expiresAt: AT + 1_000 });
      expect(await store.keys.find(key.id)).toBeNull();
      await store.keys.add(key, 'hash');
      expect(await store.keys.find(key.id)).toEqual({ key, secrets: { current: 'hash', previous: null } });
      expect(await store.keys.read(key.tenant, key.id)).toEqual(key);
      await expect(store.keys.add(key, 'another')).rejects.toBeInstanceOf(Error);
    });

    it('[AUTH38] no tenant reads, rotates or ends the key of another', async () => {
      const key = newKey(newTenant());
      await store.keys.add(key, 'hash');
      const other = newTenant();
      expect(await store.keys.read(other, key.id)).toBeNull();
      expect(await store.keys.rotate(other, key.id, { hash: 'x', previousEndsAt: AT }, BY)).toBeNull();
      expect(await store.keys.revoke(other, key.id, BY)).toBeNull();
      expect(await store.keys.list(other, { cursor: null, limit: 10 })).toEqual({ keys: [], nextCursor: null });
      expect(await store.keys.find(key.id)).toEqual({ key, secrets: { current: 'hash', previous: null } });
    });

    it('[AUTH39] a rotation keeps the secret before it until its end, and no older one', async () => {
      const key = newKey(newTenant());
      await store.keys.add(key, 'first');
      const since = await store.accessChanges.readRevision();
      const revision = await store.keys.rotate(key.tenant, key.id, { hash: 'second', previousEndsAt: AT + 5 }, BY);
      expect(await store.keys.find(key.id)).toEqual({
        key: { ...key, previousEndsAt: AT + 5 },
        secrets: { current: 'second', previous: 'first' },
      });
      await store.keys.rotate(key.tenant, key.id, { hash: 'third', previousEndsAt: AT + 9 }, BY);
      expect(await store.keys.find(key.id)).toMatchObject({ secrets: { current: 'third', previous: 'second' } });
      expect(revision).toBe(since + 1);
      expect(await store.accessChanges.readChangesSince(since, 1)).toEqual({
        kind: 'changes',
        revision: since + 1,
        changes: [{ revision: since + 1, tenant: key.tenant, subject: { kind: 'key', id: key.id } }],
      });
    });

    it('[AUTH40] a revoked key stays known as revoked, with word of it, and can be neither rotated nor revoked again', async () => {
      const key = newKey(newTenant());
      await store.keys.add(key, 'hash');
      const since = await store.accessChanges.readRevision();
      expect(await store.keys.revoke(key.tenant, key.id, { user: 'grace', at: AT + 5 })).toBe(since + 1);
      expect(await store.keys.find(key.id)).toMatchObject({ key: { revokedAt: AT + 5 } });
      expect(await store.keys.revoke(key.tenant, key.id, { user: 'grace', at: AT + 9 })).toBeNull();
      expect(await store.keys.rotate(key.tenant, key.id, { hash: 'x', previousEndsAt: AT }, BY)).toBeNull();
      expect(await store.keys.find(key.id)).toMatchObject({ key: { revokedAt: AT + 5 }, secrets: { current: 'hash' } });
      expect(await store.accessChanges.readRevision()).toBe(since + 1);
    });

    it('[AUTH41] the last use only moves forward, and an unknown key is passed over', async () => {
      const key = newKey(newTenant());
      await store.keys.add(key, 'hash');
      const lastUse = async () => (await store.keys.read(key.tenant, key.id))?.lastUsedAt;
      const since = await store.accessChanges.readRevision();
      await store.keys.noteUse(
        new Map([
          [key.id, AT + 10],
          ['unknown', AT],
        ]),
      );
      expect(await lastUse()).toBe(AT + 10);
      await store.keys.noteUse(new Map([[key.id, AT + 3]]));
      expect(await lastUse()).toBe(AT + 10);
      await store.keys.noteUse(new Map([[key.id, AT + 30]]));
      expect(await lastUse()).toBe(AT + 30);
      // A use is no change that anybody has to hear of.
      expect(await store.accessChanges.readRevision()).toBe(since);
    });

    it('[AUTH38] keys are listed newest first, in pages, revoked ones too', async () => {
      const tenant = newTenant();
      const keys = Array.from({ length: 7 }, (_, number) => newKey(tenant, { createdAt: AT + Math.floor(number / 2) }));
      for (const key of keys) await store.keys.add(key, 'hash');
      await store.keys.revoke(tenant, keys[3]?.id ?? '', BY);
      const seen: ApiKey[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof store.keys.list>> = await store.keys.list(tenant, { cursor, limit: 3 });
        seen.push(...page.keys);
        cursor = page.nextCursor;
      } while (cursor !== null);
      const expected = keys.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
      expect(seen.map((key) => key.id)).toEqual(expected.map((key) => key.id));
      await expect(store.keys.list(tenant, { cursor: 'x', limit: 3 })).rejects.toMatchObject({ code: 'bad-request' });
    });
  });
}
