import { randomBytes } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import { expect, it } from 'vitest';
import type { AccessChange, ChangedSubject } from '../../src/ports/access-changes.ts';
import { grant, listGrants, resource, subject, type AccessStoreUnderTest } from './access-store-under-test.ts';
import { BY, AT, name, newTenant, removeNow } from './store-under-test.ts';

type Current = () => AccessStoreUnderTest;

/** All changes of a tenant above a revision. */
async function changesSince(store: AccessStoreUnderTest, since: number, tenant: Tenant): Promise<AccessChange[]> {
  const all: AccessChange[] = [];
  for (let revision = since; ;) {
    const next = await store.accessChanges.readChangesSince(revision, 7);
    if (next.kind === 'lost') throw new Error('changes were forgotten');
    if (next.changes.length === 0) return all.filter((change) => change.tenant === tenant);
    all.push(...next.changes);
    revision = next.revision;
  }
}

/** What the list of changes must do; called within the suite on grants. */
export function describeGrantChanges(current: Current): void {
  it('[AUTH34] every change has the next number, and is listed under it with its subject', async () => {
    const { grants, accessChanges: changes } = current();
    const tenant = newTenant();
    const since = await changes.readRevision();
    const id = randomBytes(8).toString('hex');
    const numbers = [
      await grants.set(tenant, grant('user:ada', 'a')),
      await grants.set(tenant, grant('user:ada', 'a', 'viewer')),
      await grants.addLink(tenant, grant(`link:${id}`, 'a'), 'hash'),
      await grants.revoke(tenant, subject('user:ada'), resource('a'), BY),
      await grants.revoke(tenant, subject(`link:${id}`), resource('a'), BY),
      await grants.revokeUser(tenant, 'lin', BY),
    ];
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6].map((step) => since + step));
    expect(await grants.revoke(tenant, subject('user:ada'), resource('a'), BY)).toBeNull();
    expect(await changes.readRevision()).toBe(since + 6);
    const who = ['user:ada', 'user:ada', `link:${id}`, 'user:ada', `link:${id}`, 'user:lin'];
    expect(await changesSince(current(), since, tenant)).toEqual(
      who.map((text, index) => ({ revision: since + 1 + index, tenant, subject: subject(text) })),
    );
  });

  it('[AUTH34] changes made at the same time leave no gap and lose none, and whoever follows sees each once', async () => {
    const { grants, accessChanges: changes } = current();
    const tenant = newTenant();
    const since = await changes.readRevision();
    const seen: AccessChange[] = [];
    let done = false;
    const follow = async (): Promise<void> => {
      for (let revision = since; ;) {
        // Asked before the read: one that began earlier may have missed the last change.
        const wasDone = done;
        const next = await changes.readChangesSince(revision, 10);
        if (next.kind === 'lost') throw new Error('changes were forgotten');
        seen.push(...next.changes);
        revision = next.revision;
        if (wasDone && next.changes.length === 0) return;
      }
    };
    const following = follow();
    const numbers = await Promise.all(
      Array.from({ length: 60 }, (_, number) => grants.set(tenant, grant(`user:u${number}`, 'a'))),
    );
    done = true;
    await following;
    expect(new Set(numbers).size).toBe(60);
    const own = seen.filter((change) => change.tenant === tenant);
    expect(own.map((change) => change.revision)).toEqual(numbers.toSorted((left, right) => left - right));
    expect(new Set(own.map(({ subject }) => formatChanged(subject))).size).toBe(60);
    expect(seen.map((change) => change.revision)).toEqual(seen.map((_, index) => since + 1 + index));
  });

  it('[AUTH34] who asks from a number that is not kept, or never was, is told that changes are lost', async () => {
    const { accessChanges: changes } = current();
    const newest = await changes.readRevision();
    expect(await changes.readChangesSince(newest, 10)).toEqual({ kind: 'changes', revision: newest, changes: [] });
    expect(await changes.readChangesSince(newest + 5, 10)).toEqual({ kind: 'lost', revision: newest });
  });
}

function formatChanged(changed: ChangedSubject): string {
  return `${changed.kind}:${changed.kind === 'person' ? changed.digest : changed.id}`;
}

/** What becomes of grants when their document is renamed or deleted; called within the suite on grants. */
export function describeDocumentGrants(current: Current): void {
  it('[AUTH36] the grants of a document go along when it is renamed, with word of it, and those on prefixes stay', async () => {
    const { grants, catalog, accessChanges: changes } = current();
    const tenant = newTenant();
    await catalog.create(tenant, name('old'), 'ada', AT);
    const id = randomBytes(8).toString('hex');
    for (const given of [
      grant('user:ada', 'old'),
      grant('group:x', 'old', 'none'),
      grant('user:ada', 'old*'),
      grant('user:lin', 'new'),
    ]) {
      await grants.set(tenant, given);
    }
    await grants.addLink(tenant, grant(`link:${id}`, 'old', 'viewer'), 'hash');
    const since = await changes.readRevision();
    await catalog.rename(tenant, name('old'), name('new'), BY);
    expect(await listGrants(current(), { tenant })).toEqual([
      grant('group:x', 'new', 'none'),
      grant(`link:${id}`, 'new', 'viewer'),
      grant('user:ada', 'new'),
      grant('user:ada', 'old*'),
    ]);
    const told = (await changesSince(current(), since, tenant)).map(({ subject: it }) => formatChanged(it));
    expect(told.toSorted()).toEqual(['group:x', `link:${id}`, 'user:ada', 'user:lin']);
    expect(await grants.findLink(id)).not.toBeNull();
  });

  it('[AUTH36] the grants of a document end when it is deleted, so that the next of its name has none of them', async () => {
    const { grants, catalog, accessChanges: changes } = current();
    const tenant = newTenant();
    await catalog.create(tenant, name('a'), 'ada', AT);
    const id = randomBytes(8).toString('hex');
    await grants.set(tenant, grant('user:ada', 'a'));
    await grants.set(tenant, grant('user:ada', 'a*'));
    await grants.addLink(tenant, grant(`link:${id}`, 'a', 'viewer'), 'hash');
    const since = await changes.readRevision();
    await removeNow({ catalog }, { tenant, name: name('a') });
    await catalog.create(tenant, name('a'), 'lin', AT);
    expect(await listGrants(current(), { tenant })).toEqual([grant('user:ada', 'a*')]);
    expect(await grants.findLink(id)).toBeNull();
    expect(await changesSince(current(), since, tenant)).toHaveLength(2);
  });

  it('[AUTH36] a rename or deletion that fails changes no grants', async () => {
    const { grants, catalog, accessChanges: changes } = current();
    const tenant = newTenant();
    for (const at of ['a', 'b']) {
      await catalog.create(tenant, name(at), 'ada', AT);
      await grants.set(tenant, grant('user:ada', at));
    }
    await grants.set(tenant, grant('user:ada', 'c'));
    const since = await changes.readRevision();
    expect(await catalog.rename(tenant, name('a'), name('b'), BY)).toEqual({ kind: 'exists' });
    expect(await catalog.rename(tenant, name('c'), name('d'), BY)).toEqual({ kind: 'absent' });
    expect(await removeNow({ catalog }, { tenant, name: name('c') })).toBe('absent');
    expect(await listGrants(current(), { tenant })).toEqual(['a', 'b', 'c'].map((at) => grant('user:ada', at)));
    expect(await changesSince(current(), since, tenant)).toEqual([]);
  });
}
