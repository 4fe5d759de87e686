import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GrantQuery, StoredGrant } from '../../src/ports/grant-store.ts';
import {
  grant,
  listGrants,
  resource,
  subject,
  type AccessStoreUnderTest,
  type OpenAccessStore,
} from './access-store-under-test.ts';
import { describeDocumentGrants, describeGrantChanges } from './grant-changes.contract.ts';
import { BY, AT, newTenant } from './store-under-test.ts';

type Current = () => AccessStoreUnderTest;

/** What every store of grants must do, its list of changes included. */
export function describeGrantStore(adapter: string, open: OpenAccessStore): void {
  describe(`grants: ${adapter}`, () => {
    let store: AccessStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    const current: Current = () => store;
    describeGrants(current);
    describeListing(current);
    describeGrantChanges(current);
    describeDocumentGrants(current);
    it('[AUTH32] what was given is there after the store was closed and opened again', async () => {
      const tenant = newTenant();
      const revision = await store.grants.set(tenant, grant('user:ada', 'notes/*'));
      await store.close();
      store = await open();
      expect(await listGrants(store, { tenant })).toEqual([grant('user:ada', 'notes/*')]);
      expect(await store.accessChanges.readRevision()).toBe(revision);
    });
  });
}

function describeGrants(current: Current): void {
  it('[AUTH32] a subject has one grant on a resource, the last one', async () => {
    const { grants } = current();
    const tenant = newTenant();
    await grants.set(tenant, grant('user:ada', 'a', 'viewer'));
    const last = grant('user:ada', 'a', { role: 'owner', expiresAt: AT + 5, createdAt: AT + 1, createdBy: 'lin' });
    await grants.set(tenant, last);
    await grants.set(tenant, grant('group:ada', 'a', 'none'));
    expect(await listGrants(current(), { tenant })).toEqual([grant('group:ada', 'a', 'none'), last]);
  });

  it('[AUTH32] a grant is taken back once', async () => {
    const { grants } = current();
    const tenant = newTenant();
    await grants.set(tenant, grant('user:ada', 'a'));
    await grants.set(tenant, grant('user:ada', 'a*'));
    expect(await grants.revoke(tenant, subject('user:ada'), resource('a'), BY)).toBeGreaterThan(0);
    expect(await grants.revoke(tenant, subject('user:ada'), resource('a'), BY)).toBeNull();
    expect(await listGrants(current(), { tenant })).toEqual([grant('user:ada', 'a*')]);
  });

  it('[AUTH33] tenants do not see or change one another', async () => {
    const { grants } = current();
    const [one, other] = [newTenant(), newTenant()];
    await grants.set(one, grant('user:ada', 'a'));
    await grants.set(other, grant('user:ada', 'a', 'viewer'));
    expect(await grants.revoke(newTenant(), subject('user:ada'), resource('a'), BY)).toBeNull();
    await grants.revokeUser(other, 'ada', BY);
    expect(await listGrants(current(), { tenant: one })).toEqual([grant('user:ada', 'a')]);
    expect(await listGrants(current(), { tenant: other })).toEqual([]);
    const standing = await grants.readStanding(one, 'ada', [subject('user:ada')]);
    expect(standing).toMatchObject({ tokensVoidUntil: 0, grants: [{ role: 'editor' }] });
  });

  it('[AUTH32] a standing holds everything about its subjects and nothing about others', async () => {
    const { grants, accessChanges: changes } = current();
    const tenant = newTenant();
    const groups = Array.from({ length: 450 }, (_, number) => `group:g${number}`);
    const all = [grant('user:ada', '*'), grant('user:ada', 'a', { role: 'none', expiresAt: 1 })];
    for (const given of [
      ...all,
      grant('group:g0', 'a'),
      grant('group:g449', 'a'),
      grant('group:ada', 'a'),
      grant('user:g0', 'a'),
    ]) {
      await grants.set(tenant, given);
    }
    const standing = await grants.readStanding(tenant, 'ada', ['user:ada', ...groups].map(subject));
    expect(standing.revision).toBe(await changes.readRevision());
    expect(standing.grants).toHaveLength(4);
    expect(standing.grants).toEqual(expect.arrayContaining([...all, grant('group:g0', 'a'), grant('group:g449', 'a')]));
  });

  it("[AUTH32] taking a user's access away ends the user's grants, leaves others', and voids tokens up to then", async () => {
    const { grants } = current();
    const tenant = newTenant();
    for (const given of [
      grant('user:ada', 'a'),
      grant('user:ada', '*'),
      grant('group:ada', 'a'),
      grant('user:lin', 'a'),
    ]) {
      await grants.set(tenant, given);
    }
    await grants.revokeUser(tenant, 'ada', BY);
    await grants.revokeUser(tenant, 'ada', { user: 'grace', at: AT + 7 });
    expect(await listGrants(current(), { tenant })).toEqual([grant('group:ada', 'a'), grant('user:lin', 'a')]);
    const voidUntil = async (user: string) => (await grants.readStanding(tenant, user, [])).tokensVoidUntil;
    expect([await voidUntil('ada'), await voidUntil('lin')]).toEqual([AT + 7, 0]);
  });

  it('[AUTH37] a link is found by its id with its tenant and hash, until its grant is taken back', async () => {
    const { grants } = current();
    const tenant = newTenant();
    const id = randomBytes(8).toString('hex');
    expect(await grants.findLink(id)).toBeNull();
    await grants.addLink(tenant, grant(`link:${id}`, 'a', 'viewer'), 'the hash');
    expect(await grants.findLink(id)).toEqual({ tenant, secretHash: 'the hash' });
    expect(await listGrants(current(), { tenant })).toEqual([grant(`link:${id}`, 'a', 'viewer')]);
    await grants.revoke(tenant, subject(`link:${id}`), resource('a'), BY);
    expect(await grants.findLink(id)).toBeNull();
  });

  it('[AUTH37] a link whose id is taken is not made, and nothing of it is left', async () => {
    const { grants } = current();
    const [one, other] = [newTenant(), newTenant()];
    const id = randomBytes(8).toString('hex');
    await grants.addLink(one, grant(`link:${id}`, 'a'), 'one');
    await expect(grants.addLink(other, grant(`link:${id}`, 'b'), 'other')).rejects.toBeInstanceOf(Error);
    expect(await grants.findLink(id)).toEqual({ tenant: one, secretHash: 'one' });
    expect(await listGrants(current(), { tenant: other })).toEqual([]);
  });
}

function describeListing(current: Current): void {
  it('[AUTH35] the list goes by resource, then subject, in pages that stay valid while grants come and go', async () => {
    const { grants } = current();
    const tenant = newTenant();
    const all = ['a', 'a*', 'b', 'b/c'].flatMap((what) =>
      ['group:x', 'user:x', 'user:y'].map((who) => grant(who, what)),
    );
    for (const given of all.toReversed()) await grants.set(tenant, given);
    const seen: StoredGrant[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof grants.list>> = await grants.list({
        tenant,
        resource: null,
        subject: null,
        cursor,
        limit: 5,
      });
      seen.push(...page.grants);
      cursor = page.nextCursor;
      const last = page.grants.at(-1);
      // The place of the cursor may be taken back meanwhile.
      if (last !== undefined) await grants.revoke(tenant, last.subject, last.resource, BY);
    } while (cursor !== null);
    expect(seen.map(({ resource: what, subject: who }) => `${what} ${who.kind}:${who.id}`)).toEqual(
      all.map(({ resource: what, subject: who }) => `${what} ${who.kind}:${who.id}`).toSorted(),
    );
  });

  it('[AUTH35] it can be narrowed to a resource, a subject, or both', async () => {
    const tenant = newTenant();
    for (const who of ['user:x', 'group:x', 'user:y']) {
      for (const what of ['a', 'a*']) await current().grants.set(tenant, grant(who, what));
    }
    const count = async (query: Partial<GrantQuery>) => (await listGrants(current(), { tenant, ...query })).length;
    expect(await count({ resource: resource('a') })).toBe(3);
    expect(await count({ subject: subject('user:x') })).toBe(2);
    expect(await count({ resource: resource('a*'), subject: subject('group:x') })).toBe(1);
    expect(await count({ resource: resource('b') })).toBe(0);
  });

  it.each(['', 'x', Buffer.from('[1]').toString('base64url'), Buffer.from('["a","b",3]').toString('base64url')])(
    '[AUTH35] a cursor that is none is refused: %j',
    async (cursor) => {
      await expect(listGrants(current(), { tenant: newTenant(), cursor })).rejects.toMatchObject({
        code: 'bad-request',
      });
    },
  );
}
