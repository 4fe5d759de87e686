import { randomBytes } from 'node:crypto';
import { AUDIT_CHAIN_START, AUDIT_REGISTER, type AuditRow } from '@scriptorium/shared/audit-chain';
import type { Tenant } from '@scriptorium/shared/document-name';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditLog } from '../../src/ports/audit-log.ts';
import { type AccessStoreUnderTest, grant, resource, subject } from './access-store-under-test.ts';
import { AT, BY, name, newTenant, removeNow } from './store-under-test.ts';
import type { SqlStoreUnderTest } from './sql-damage.ts';

/** A store as this suite uses it. */
export type AuditStoreUnderTest = SqlStoreUnderTest & AccessStoreUnderTest & { readonly audit: AuditLog };

function entry(more: Partial<AuditEntry> = {}): AuditEntry {
  return { ...BY, action: 'document.open', document: 'notes/one', ...more };
}

/** What every audit log must do. */
export function describeAuditLog(adapter: string, open: () => Promise<AuditStoreUnderTest>): void {
  describe(`audit log: ${adapter}`, () => {
    let store: AuditStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());

    const rowsOf = (chain: string): Promise<readonly AuditRow[]> => store.audit.readRows(chain, 0, 10_000);
    const told = async (tenant: Tenant) =>
      (await rowsOf(tenant)).map(({ actor, action, document, subject: who }) => [actor, action, document, who]);

    it('[AUD1] entries are numbered from one without gaps, in the order in which they were appended', async () => {
      const tenant = newTenant();
      await store.audit.append(tenant, [
        entry({ document: 'a' }),
        entry({ document: 'b', detail: { role: 'editor' } }),
      ]);
      await store.audit.append(tenant, []);
      await store.audit.append(tenant, [entry({ document: 'c', subject: 'link:00', at: AT - 5 })]);
      const rows = await rowsOf(tenant);
      expect(rows.map(({ seq, document, detail, at }) => [seq, document, detail, at])).toEqual([
        [1, 'a', '{}', AT],
        [2, 'b', '{"role":"editor"}', AT],
        [3, 'c', '{}', AT - 5],
      ]);
      expect(rows[2]).toMatchObject({ chain: tenant, actor: 'grace', action: 'document.open', subject: 'link:00' });
      const chain = await store.audit.readChain(tenant);
      expect(chain).toMatchObject({ headSeq: 3, headHash: rows[2]?.hash, prunedSeq: 0, prunedHash: AUDIT_CHAIN_START });
      expect(await store.audit.readChain(newTenant())).toBeNull();
      expect((await store.audit.readRows(tenant, 1, 1)).map((row) => row.seq)).toEqual([2]);
    });

    it('[AUD1] of appends at the same moment none is lost, doubled or left without its number', async () => {
      const tenant = newTenant();
      const appends = Array.from({ length: 40 }, (_, index) =>
        store.audit.append(tenant, [entry({ document: `d${index}` }), entry({ document: `e${index}` })]),
      );
      await Promise.all(appends);
      const rows = await rowsOf(tenant);
      expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
      expect(new Set(rows.map((row) => row.document)).size).toBe(80);
      expect(new Set(rows.map((row) => row.hash)).size).toBe(80);
    });

    it('[AUD2] every change of grants, links, users, keys and documents has its row', async () => {
      const tenant = newTenant();
      const { grants, keys, catalog } = store;
      await grants.set(tenant, grant('user:ada', 'a', 'viewer'));
      await grants.revoke(tenant, subject('user:ada'), resource('a'), BY);
      await grants.revokeUser(tenant, 'lin', { user: 'root', at: AT });
      await grants.addLink(tenant, grant('link:0a', 'a', 'viewer'), 'hash');
      const id = randomBytes(8).toString('hex');
      const key = { id, tenant, label: 'robot', role: 'viewer', documents: new Map(), abilities: [] } as const;
      const times = { createdAt: AT, expiresAt: null, revokedAt: null, lastUsedAt: null, previousEndsAt: null };
      await keys.add({ ...key, ...times, createdBy: 'grace' }, 'hash');
      await keys.rotate(tenant, id, { hash: 'other', previousEndsAt: AT }, BY);
      await keys.noteUse(new Map([[id, AT + 1]]));
      await keys.noteUse(new Map([[id, AT]]));
      await keys.revoke(tenant, id, BY);
      await catalog.create(tenant, name('a'), 'ada', AT);
      await catalog.rename(tenant, name('a'), name('b'), BY);
      await removeNow(store, { tenant, name: name('b') });
      expect(await told(tenant)).toEqual([
        ['grace', 'grant.set', 'a', 'user:ada'],
        ['grace', 'grant.revoke', 'a', 'user:ada'],
        ['root', 'user.revoke', null, 'user:lin'],
        ['grace', 'link.create', 'a', 'link:0a'],
        ['grace', 'key.create', null, `key:${id}`],
        ['grace', 'key.rotate', null, `key:${id}`],
        [`key:${id}`, 'key.use', null, `key:${id}`],
        ['grace', 'key.revoke', null, `key:${id}`],
        ['grace', 'document.rename', 'a', null],
        ['grace', 'document.delete', 'b', null],
      ]);
      expect(JSON.stringify(await rowsOf(tenant))).not.toContain('hash"other');
    });

    it('[AUD3] a change that does not happen has no row', async () => {
      const tenant = newTenant();
      const { grants, keys, catalog } = store;
      await grants.revoke(tenant, subject('user:ada'), resource('a'), BY);
      await keys.revoke(tenant, '0000000000000000', BY);
      await keys.rotate(tenant, '0000000000000000', { hash: 'x', previousEndsAt: AT }, BY);
      await catalog.rename(tenant, name('a'), name('b'), BY);
      await removeNow(store, { tenant, name: name('a') });
      await catalog.create(tenant, name('c'), 'ada', AT);
      const elsewhere = { epoch: 1, seq: 9, stateVector: new Uint8Array([0]) };
      expect(await catalog.remove(tenant, name('c'), elsewhere, BY)).toBe('moved');
      expect(await rowsOf(tenant)).toEqual([]);
    });

    it('[AUD3] a change whose row cannot be written does not happen', async () => {
      const tenant = newTenant();
      await store.grants.set(tenant, grant('user:ada', 'a', 'viewer'));
      // Nobody did it, so the row is refused after the grants were taken away.
      const revoked = store.grants.revokeUser(tenant, 'ada', { user: null as unknown as string, at: AT });
      await expect(revoked).rejects.toBeInstanceOf(Error);
      const standing = await store.grants.readStanding(tenant, 'ada', [subject('user:ada')]);
      expect(standing).toMatchObject({ tokensVoidUntil: 0, grants: [{ role: 'viewer' }] });
      expect((await told(tenant)).map(([, action]) => action)).toEqual(['grant.set']);
    });

    it('[AUD4] tenants do not see each other, and pages go from the newest row to the oldest', async () => {
      const [tenant, other] = [newTenant(), newTenant()];
      for (let index = 0; index < 7; index += 1) {
        await store.audit.append(tenant, [entry({ document: `d${index % 2}`, user: index < 3 ? 'ada' : 'lin' })]);
      }
      await store.audit.append(other, [entry()]);
      const query = { tenant, document: null, actor: null, cursor: null, limit: 3 };
      const seen: number[] = [];
      for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
        const page: Awaited<ReturnType<AuditLog['list']>> = await store.audit.list({ ...query, cursor });
        seen.push(...page.rows.map((row) => row.seq));
        cursor = page.nextCursor;
        await store.audit.append(tenant, [entry()]);
      }
      expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
      const seqs = async (more: object) =>
        (await store.audit.list({ ...query, limit: 100, ...more })).rows.map((row) => row.seq);
      expect(await seqs({ document: 'd1' })).toEqual([6, 4, 2]);
      expect(await seqs({ actor: 'ada' })).toEqual([3, 2, 1]);
      expect(await seqs({ tenant: other })).toEqual([1]);
      await expect(store.audit.list({ ...query, cursor: 'x' })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('[AUD5] the register has a row for every chain', async () => {
      const tenant = newTenant();
      await store.audit.append(tenant, [entry()]);
      await store.audit.append(tenant, [entry()]);
      const begun = (await rowsOf(AUDIT_REGISTER)).filter((row) => row.subject === `tenant:${tenant}`);
      expect(begun.map((row) => row.action)).toEqual(['audit.begin']);
      const chains = await store.audit.listChains(null, 10_000);
      expect(chains.map(({ chain }) => chain)).toContain(tenant);
      expect((await store.audit.listChains(tenant, 10_000)).map(({ chain }) => chain)).not.toContain(tenant);
    });

    it('[AUD6] the engine refuses to change a row, and to remove one that is in no object', async () => {
      const tenant = newTenant();
      await store.audit.append(tenant, [entry(), entry()]);
      const before = await rowsOf(tenant);
      const { database } = store;
      const change = database.updateTable('audit_rows').set({ actor: 'nobody' }).where('tenant', '=', tenant);
      await expect(change.execute()).rejects.toBeInstanceOf(Error);
      await expect(database.deleteFrom('audit_rows').where('tenant', '=', tenant).execute()).rejects.toBeInstanceOf(
        Error,
      );
      await expect(
        sql`delete from audit_rows where tenant = ${tenant} and seq = 1`.execute(database),
      ).rejects.toBeInstanceOf(Error);
      expect(await rowsOf(tenant)).toEqual(before);
    });

    it('[AUD7] an export is published once, with a row of its own, and only where the one before ended', async () => {
      const tenant = newTenant();
      await store.audit.append(tenant, [entry(), entry(), entry()]);
      const object = { chain: tenant, key: 'audit/x', sha256: 'aa', bytes: 5, lastHash: 'bb', at: AT };
      expect(await store.audit.noteExport({ ...object, fromSeq: 2, toSeq: 3 })).toBe(false);
      expect(await store.audit.noteExport({ ...object, fromSeq: 1, toSeq: 2 })).toBe(true);
      expect(await store.audit.noteExport({ ...object, fromSeq: 1, toSeq: 3 })).toBe(false);
      expect(await store.audit.listExports(tenant)).toEqual([{ ...object, fromSeq: 1, toSeq: 2 }]);
      expect(await store.audit.readChain(tenant)).toMatchObject({ exportedSeq: 2, headSeq: 4 });
      expect((await rowsOf(tenant)).at(-1)).toMatchObject({ action: 'audit.export', actor: 'system' });
    });

    it('[AUD8] rows leave from the beginning, only when they are exported, and the row that says so stays', async () => {
      const tenant = newTenant();
      await store.audit.append(tenant, [entry(), entry(), entry()]);
      expect(await store.audit.prune(tenant, 3, AT)).toBe(0);
      const rows = await rowsOf(tenant);
      const object = { chain: tenant, key: 'audit/x', sha256: 'aa', bytes: 5, lastHash: rows[1]?.hash ?? '', at: AT };
      await store.audit.noteExport({ ...object, fromSeq: 1, toSeq: 2 });
      expect(await store.audit.prune(tenant, 3, AT)).toBe(2);
      expect((await rowsOf(tenant)).map((row) => [row.seq, row.action])).toEqual([
        [3, 'document.open'],
        [4, 'audit.export'],
        [5, 'audit.prune'],
      ]);
      expect((await rowsOf(tenant)).at(-1)?.detail).toBe(JSON.stringify({ upTo: 2, hash: rows[1]?.hash }));
      expect(await store.audit.readChain(tenant)).toMatchObject({
        prunedSeq: 2,
        prunedHash: rows[1]?.hash,
        headSeq: 5,
      });
      expect(await store.audit.prune(tenant, 1, AT)).toBe(0);
      expect(await store.audit.readChain(tenant)).toMatchObject({ prunedSeq: 2 });
    });
  });
}
