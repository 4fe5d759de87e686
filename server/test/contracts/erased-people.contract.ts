import { randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import type { ErasedContent } from '@scriptorium/shared/erasure-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHidden } from '../../src/access/hidden-person.ts';
import { scanTables } from '../support/scan-tables.ts';
import { grant, subject } from './access-store-under-test.ts';
import { createWork, type ErasedWorld, fillWorld, newErasureOrder, newPerson, readPurged } from './erasure-work.ts';
import { AT, BY, newTenant } from './store-under-test.ts';
import { told, type ToldStoreUnderTest } from './told-store.ts';

/** What every store must do about people who are erased, with the worker that erases them. */
export function describeErasedPeople(
  adapter: string,
  open: () => Promise<ToldStoreUnderTest>,
  /** Of the points at which work can be cut off, every so manieth is tried. */
  stride = 1,
): void {
  describe(`erased people: ${adapter}`, () => {
    let store: ToldStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeBeginning(() => store);
    describeReadmission(() => store);
    describeColumns(() => store);
    describeKills(() => store, stride);
  });
}

type Get = () => ToldStoreUnderTest;

/** Begins the erasure of somebody. */
const begin = (store: ToldStoreUnderTest, tenant: Tenant, user: string) =>
  store.erasedPeople.begin(user, newErasureOrder(tenant));

async function newErased(store: ToldStoreUnderTest) {
  const tenant = newTenant();
  const user = newPerson();
  const { person } = await begin(store, tenant, user.id);
  return { tenant, user: user.id, marker: user.marker, person };
}

function describeBeginning(get: Get): void {
  it('[HOOK250] whoever is erased has nothing from the commit on, and the list of changes hides who it was', async () => {
    const store = get();
    const tenant = newTenant();
    const { id, marker } = newPerson();
    const key = { id: randomUUID(), tenant, label: 'k', role: 'viewer', documents: new Map(), abilities: [] } as const;
    const times = { createdAt: AT, expiresAt: null, revokedAt: null, lastUsedAt: null, previousEndsAt: null };
    await store.keys.add({ ...key, ...times, createdBy: id }, 'hash');
    await store.grants.set(tenant, { ...grant('user:x', 'a'), subject: { kind: 'user', id } });
    const since = await store.accessChanges.readRevision();
    const { person, revision } = await begin(store, tenant, id);
    const standing = await store.grants.readStanding(tenant, id, [{ kind: 'user', id }]);
    expect(standing).toMatchObject({ isErased: true, grants: [] });
    expect((await store.keys.read(tenant, key.id))?.revokedAt).toBe(AT);
    expect(await store.erasedPeople.find(tenant, id)).toEqual(person);
    const changes = await store.accessChanges.readChangesSince(since, 100);
    const own = changes.kind === 'changes' ? changes.changes.filter((change) => change.tenant === tenant) : [];
    expect(own.map((change) => change.subject.kind)).toEqual(['person', 'key']);
    expect(own.at(-1)?.revision).toBe(revision);
    const [hidden] = own.map((change) => change.subject);
    if (hidden?.kind !== 'person') throw new Error('nobody is hidden');
    expect([isHidden(hidden, id), isHidden(hidden, `${id}x`)]).toEqual([true, false]);
    expect(JSON.stringify(own)).not.toContain(marker);
    // Others, and the same id elsewhere, are who they were.
    expect((await store.grants.readStanding(tenant, 'lin', [])).isErased).toBe(false);
    expect((await store.grants.readStanding(newTenant(), id, [])).isErased).toBe(false);
  });

  it('[HOOK250] its rows of the audit log bear the pseudonym, also where somebody erases themselves', async () => {
    const store = get();
    const tenant = newTenant();
    const { id, marker } = newPerson();
    const { person } = await store.erasedPeople.begin(id, newErasureOrder(tenant, { user: id }));
    const detail = { erasure: person.recordId, content: 'keep', finished: false };
    const { pseudonym } = person;
    expect(pseudonym).toMatch(/^erased:[0-9a-f]{16}$/);
    expect(await told(store, tenant)).toEqual([
      { actor: pseudonym, action: 'user.erase', document: null, subject: `user:${pseudonym}`, detail },
    ]);
    expect(await store.erasures.list(tenant)).toMatchObject([{ kind: 'person', pseudonym, begunBy: pseudonym }]);
    expect(JSON.stringify(await store.erasures.list(tenant))).not.toContain(marker);
    expect((await store.erasures.listUnfinished(1_000)).filter((it) => it.tenant === tenant)).toEqual([]);
  });

  it('[HOOK250] of many who begin it at once one does, and nothing is written about them by name', async () => {
    const store = get();
    const tenant = newTenant();
    const { id } = newPerson();
    const begun = await Promise.all(Array.from({ length: 6 }, () => begin(store, tenant, id)));
    expect(new Set(begun.map(({ person }) => person.pseudonym)).size).toBe(1);
    expect(begun.filter(({ revision }) => revision !== null)).toHaveLength(1);
    expect(await store.erasures.list(tenant)).toHaveLength(1);
    const given = { ...grant('user:x', 'a'), subject: { kind: 'user', id } as const };
    await expect(store.grants.set(tenant, given)).rejects.toMatchObject({ code: 'bad-request' });
    await expect(store.grants.revokeUser(tenant, id, BY)).rejects.toMatchObject({ code: 'bad-request' });
    await store.grants.set(tenant, { ...given, subject: subject('user:lin') });
  });
}

function describeReadmission(get: Get): void {
  it('[HOOK254] nobody is readmitted before the end; then with new tokens, while the past stays under the pseudonym', async () => {
    const store = get();
    const { tenant, user, person } = await newErased(store);
    const act = { user: 'grace', at: AT + 100_000 };
    expect(await store.erasedPeople.readmit(tenant, 'lin', act)).toEqual({ kind: 'absent' });
    expect(await store.erasedPeople.readmit(tenant, user, act)).toEqual({ kind: 'unfinished' });
    await createWork(store).run();
    expect(await store.erasedPeople.readmit(tenant, user, act)).toMatchObject({ kind: 'readmitted' });
    expect(await store.erasedPeople.find(tenant, user)).toBeNull();
    const standing = await store.grants.readStanding(tenant, user, []);
    expect([standing.isErased, standing.tokensVoidUntil]).toEqual([false, AT]);
    await store.grants.set(tenant, { ...grant('user:x', 'a'), subject: { kind: 'user', id: user } });
    expect([...(await store.erasedPeople.readNames(tenant, [user, 'lin']))]).toEqual([
      [user, [{ pseudonym: person.pseudonym, until: act.at }]],
    ]);
    // Erased once more, it is somebody else.
    const again = await begin(store, tenant, user);
    expect(again.person.pseudonym).not.toBe(person.pseudonym);
    const names = (await store.erasedPeople.readNames(tenant, [user])).get(user);
    expect(names?.map(({ until }) => until)).toEqual([act.at, Infinity]);
    const actions = (await told(store, tenant)).map((row) => `${row.action} ${row.subject}`);
    expect(actions).toContain(`user.readmit user:${person.pseudonym}`);
  });

  it('[HOOK250] a finished erasure may be done again, under the same pseudonym', async () => {
    const store = get();
    const { tenant, user, person } = await newErased(store);
    await createWork(store).run();
    const { record } = await fillWorld(store, { tenant, id: user, withAccess: false });
    const again = await begin(store, tenant, user);
    expect(again.person).toMatchObject({ pseudonym: person.pseudonym, finishedAt: null });
    await createWork(store).run();
    expect((await store.catalog.resolve(tenant, record.name)) as unknown).toMatchObject({
      record: { createdBy: person.pseudonym },
    });
    expect((await store.erasures.list(tenant)).map(({ finishedAt }) => finishedAt === null)).toEqual([false, false]);
  });
}

/** Somebody who did everything, erased. */
async function newFull(
  store: ToldStoreUnderTest,
  content: ErasedContent = 'keep',
): Promise<ErasedWorld & { readonly pseudonym: string }> {
  const tenant = newTenant();
  const { id, marker } = newPerson();
  const world = await fillWorld(store, { tenant, id, marker });
  const { person } = await store.erasedPeople.begin(id, newErasureOrder(tenant, { content }));
  return { ...world, pseudonym: person.pseudonym };
}

function describeColumns(get: Get): void {
  it('[HOOK251] leaves the id in the audit log alone, and the pseudonym where the id was', async () => {
    const store = get();
    const world = await newFull(store);
    const { tenant, marker, pseudonym, record } = world;
    const before = await scanTables(store.database, marker);
    // Otherwise there was nothing to find.
    for (const table of TABLES) expect(before).toContain(table);
    await createWork(store).run();
    expect(await scanTables(store.database, marker)).toEqual(['audit_rows']);
    expect(await scanTables(store.database, pseudonym)).toEqual(
      expect.arrayContaining(TABLES.filter((it) => !GONE.has(it))),
    );
    expect(await store.publications.read(record.id)).toMatchObject({ author: pseudonym });
    const [joined] = await store.outbox.readEvents(record.id, 1, 100);
    expect(joined).toMatchObject({ user: pseudonym });
    const answer = await store.database
      .selectFrom('idempotent_requests')
      .selectAll()
      .where('tenant', '=', tenant)
      .execute();
    expect(answer.map((row) => JSON.parse(row.answer ?? '') as unknown)).toEqual([
      { body: { subject: `user:${pseudonym}`, createdBy: pseudonym, text: 'Ada' } },
    ]);
    const [erasure] = await store.erasures.list(tenant);
    expect(erasure).toMatchObject({ pseudonym, counts: { documents: world.documents * 2, bindings: 1, passes: 2 } });
    expect(erasure?.finishedAt).toBeGreaterThan(AT);
  });

  it('[HOOK251] does nothing to others, nor to the same id in another tenant', async () => {
    const store = get();
    const { id, marker } = newPerson();
    const other = await fillWorld(store, { tenant: newTenant(), id, marker });
    const lin = newPerson();
    const { tenant } = await fillWorld(store, { tenant: newTenant(), id: lin.id, marker: lin.marker });
    const before = await scanTables(store.database, lin.marker);
    await begin(store, tenant, id);
    await createWork(store).run();
    expect(await scanTables(store.database, marker)).toEqual(expect.arrayContaining(['documents', 'grants', 'jobs']));
    expect(await scanTables(store.database, lin.marker)).toEqual(before);
    expect(await store.catalog.resolve(other.tenant, other.record.name)).toMatchObject({ record: { createdBy: id } });
  });

  it('[HOOK252] a document that cannot be put in order holds up no other, and the end', async () => {
    const store = get();
    const world = await newFull(store);
    const work = createWork(store);
    work.broken.add(world.record.id);
    await work.run(4);
    const [erasure] = await store.erasures.list(world.tenant);
    expect(erasure?.finishedAt).toBeNull();
    expect(await store.log.readBindings(world.other.id)).toEqual([{ client: 7, user: world.pseudonym }]);
    work.broken.clear();
    await work.run();
    expect((await store.erasures.list(world.tenant))[0]?.finishedAt).not.toBeNull();
  });
}

function describeKills(get: Get, stride: number): void {
  it('[HOOK252] cut off at any statement, or behind any call, it goes on to the same end', async () => {
    const store = get();
    let steps = 0;
    for (const when of ['before a statement', 'behind a call'] as const) {
      for (let at = 1; ; at += stride) {
        const { marker, tenant, pseudonym, record } = await newFull(store, 'erase-own');
        const work = createWork(store);
        const isCut = await work.runCutOff({ at, when });
        await work.run();
        expect([when, at, await scanTables(store.database, marker)]).toEqual([when, at, ['audit_rows']]);
        const [erasure] = await store.erasures.list(tenant);
        expect([erasure?.pseudonym, erasure?.finishedAt === null]).toEqual([pseudonym, false]);
        expect([when, at, await readPurged(store, tenant)]).toEqual([when, at, [record.id]]);
        const ends = (await told(store, tenant)).filter(({ detail }) => (detail as { finished?: boolean }).finished);
        expect([when, at, ends.length]).toEqual([when, at, 1]);
        if (!isCut) break;
        steps += 1;
      }
    }
    expect(steps * stride).toBeGreaterThan(60);
  });
}

/** Every table that may hold an id, but for what is inside of documents. */
const TABLES: readonly string[] = [
  'access_changes',
  'api_keys',
  'audit_rows',
  'client_bindings',
  'document_versions',
  'documents',
  'erased_people',
  'erasure_records',
  'grants',
  'idempotent_requests',
  'job_items',
  'jobs',
  'outbox_events',
  'publications',
  'user_revocations',
  'webhooks',
];

/** Those of which nothing is left of the person. */
const GONE: ReadonlySet<string> = new Set(['jobs', 'user_revocations']);
