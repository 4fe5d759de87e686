import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestoreNote } from '../../src/ports/update-log.ts';
import { NOBODY, rowsOf, told, type ToldStoreUnderTest } from './told-store.ts';
import { describeToldWebhooks } from './told-webhooks.contract.ts';
import { AT, BY, bytes, entry, newDocumentWithRows, newWriter, removeNow } from './store-under-test.ts';

/** What every store must write down, and tell, of versions, restores, publications, erasures and webhooks. */
export function describeToldChanges(adapter: string, open: () => Promise<ToldStoreUnderTest>): void {
  describe(`what is told of changes: ${adapter}`, () => {
    let store: ToldStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeVersions(() => store);
    describeRestores(() => store);
    describePublications(() => store);
    describePeople(() => store);
    describeErasures(() => store);
    describeToldWebhooks(() => store);
  });
}

async function eventsOf(store: ToldStoreUnderTest, documentId: number) {
  const events = await store.outbox.readEvents(documentId, 1, 100);
  return events.map(({ type, user, name, facts }) => ({ type, user, name, facts }));
}

function describeVersions(get: () => ToldStoreUnderTest): void {
  it('[AUD220] a version that is made, renamed and removed has rows, without its label', async () => {
    const store = get();
    const { id, tenant, name: document } = await newDocumentWithRows(store, 3);
    const version = { id: randomUUID(), seq: 2, label: 'draft' };
    const { versions } = store;
    await versions.add(id, version, BY);
    await versions.add(id, version, BY);
    await versions.relabel(id, version.id, { label: 'draft', act: BY });
    await versions.relabel(id, version.id, { label: 'final', act: { ...BY, user: 'lin' } });
    await versions.remove(id, version.id, BY);
    await versions.remove(id, version.id, BY);
    const about = { document, subject: `version:${version.id}`, detail: { seq: 2 } };
    expect(await told(store, tenant)).toEqual([
      { actor: 'grace', action: 'version.create', ...about },
      { actor: 'lin', action: 'version.rename', ...about },
      { actor: 'grace', action: 'version.delete', ...about },
    ]);
    expect(JSON.stringify(await rowsOf(store, tenant))).not.toMatch(/draft|final/);
  });

  it('[HOOK220] a version is told of once, whoever made it', async () => {
    const store = get();
    const { id, name } = await newDocumentWithRows(store, 4);
    const version = { id: randomUUID(), seq: 2, label: 'draft' };
    for (const _ of [1, 2]) await store.versions.add(id, version, BY);
    for (const _ of [1, 2]) await store.versions.addAutomatic(id, { seq: 4, at: AT, follows: 2 });
    await store.versions.add(id, { ...version, id: randomUUID(), seq: 5 }, BY);
    const type = 'version.created';
    expect(await eventsOf(store, id)).toEqual([
      { type, name, user: 'grace', facts: { epoch: 1, seq: 2, version: version.id, kind: 'named', label: 'draft' } },
      {
        type,
        name,
        user: null,
        facts: { epoch: 1, seq: 4, version: expect.any(String) as string, kind: 'automatic', label: null },
      },
    ]);
  });

  it('[AUD221] a change of versions whose row cannot be written does not happen, and one that does not happen has no row', async () => {
    const store = get();
    const { id, tenant, name } = await newDocumentWithRows(store, 3);
    const { versions } = store;
    const version = { id: randomUUID(), seq: 2, label: 'draft' };
    await expect(versions.add(id, version, NOBODY)).rejects.toBeInstanceOf(Error);
    expect([await versions.read(id, version.id), await eventsOf(store, id)]).toEqual([null, []]);
    await versions.add(id, version, BY);
    await expect(versions.relabel(id, version.id, { label: 'x', act: NOBODY })).rejects.toBeInstanceOf(Error);
    await expect(versions.remove(id, version.id, NOBODY)).rejects.toBeInstanceOf(Error);
    expect(await versions.read(id, version.id)).toMatchObject({ label: 'draft' });
    await removeNow(store, { tenant, name });
    const before = await rowsOf(store, tenant);
    expect(await versions.add(id, { ...version, id: randomUUID() }, BY)).toBeNull();
    expect(await versions.remove(id, version.id, BY)).toBe(false);
    expect(await rowsOf(store, tenant)).toEqual(before);
  });
}

const restoreNote = (more: Partial<RestoreNote> = {}): RestoreNote => ({
  versionId: randomUUID(),
  label: 'draft',
  of: 1,
  act: BY,
  ...more,
});

function describeRestores(get: () => ToldStoreUnderTest): void {
  it('[VERS220] the row of a restore is there with its version, its row of the audit log and its event', async () => {
    const store = get();
    const { id, tenant, name } = await newDocumentWithRows(store, 3);
    const other = await newDocumentWithRows(store, 1);
    const restore = restoreNote();
    const binding = { client: 7, user: 'grace' };
    const results = await newWriter(store).append(
      entry(other.id, 'typed meanwhile'),
      entry(id, 'restored', { restore, bindings: [binding] }),
    );
    expect(results).toEqual([
      { kind: 'stored', seq: 2 },
      { kind: 'stored', seq: 4 },
    ]);
    const rows = await store.log.readRows(id, 3, 9);
    const sum = createHash('sha256').update('restored').digest().subarray(0, 16);
    expect(rows.map(({ seq, payload }) => [seq, new TextDecoder().decode(payload)])).toEqual([[4, 'restored']]);
    expect(Buffer.from(rows[0]?.sum ?? []).equals(sum)).toBe(true);
    expect(await store.log.readBindings(id)).toEqual([binding]);
    expect(await store.log.readLoadStart(id)).toMatchObject({ head: 4, tailBytes: 38 });
    const version = { id: restore.versionId, seq: 4, kind: 'restored', label: 'draft', at: AT, author: 'grace' };
    expect(await store.versions.read(id, restore.versionId)).toEqual(version);
    const subject = `version:${restore.versionId}`;
    expect(await told(store, tenant)).toEqual([
      { actor: 'grace', action: 'document.restore', document: name, subject, detail: { of: 1, seq: 4 } },
    ]);
    const facts = { epoch: 1, seq: 4, version: restore.versionId, kind: 'restored', label: 'draft' };
    expect(await eventsOf(store, id)).toEqual([{ type: 'version.created', user: 'grace', name, facts }]);
  });

  it('[VERS221] a restore that is tried again, also at the same time and under its condition, is stored once', async () => {
    const store = get();
    const { id, tenant } = await newDocumentWithRows(store, 3);
    const restored = entry(id, 'restored', { restore: restoreNote(), follows: 3 });
    const tries = Array.from({ length: 5 }, () => newWriter(store).append(restored));
    expect((await Promise.all(tries)).flat()).toEqual(tries.map(() => ({ kind: 'stored', seq: 4 })));
    const writer = newWriter(store);
    expect(await store.log.append(writer.batch([restored], { retry: true }))).toEqual([{ kind: 'stored', seq: 4 }]);
    expect(await store.log.readHeads([id])).toMatchObject([{ head: 4 }]);
    expect(await rowsOf(store, tenant)).toHaveLength(1);
  });

  it('[AUD221] a restore that is not stored has neither version nor row, and one that cannot have its row is not stored', async () => {
    const store = get();
    const { id, tenant, name } = await newDocumentWithRows(store, 3);
    const append = async (more: object) => (await newWriter(store).append(entry(id, 'x', more)))[0];
    const restore = restoreNote();
    expect(await append({ restore, follows: 2 })).toEqual({ kind: 'moved' });
    expect(await append({ restore, epoch: 2 })).toEqual({ kind: 'fenced' });
    await expect(append({ restore: { ...restore, act: NOBODY } })).rejects.toBeInstanceOf(Error);
    expect(await store.log.readHeads([id])).toMatchObject([{ head: 3 }]);
    expect([await store.versions.read(id, restore.versionId), await rowsOf(store, tenant)]).toEqual([null, []]);
    await removeNow(store, { tenant, name });
    expect(await append({ restore })).toEqual({ kind: 'deleted' });
    expect((await told(store, tenant)).map(({ action }) => action)).toEqual(['document.delete']);
  });
}

function edition(documentId: number, seq: number, act = BY) {
  const content = bytes('page');
  return { documentId, seq, act, content, sha256: createHash('sha256').update(content).digest('hex') };
}

function describePeople(get: () => ToldStoreUnderTest): void {
  it('[REST240] versions, publications and audit rows of a person are found, within the tenant', async () => {
    const store = get();
    const { id, tenant, name: document } = await newDocumentWithRows(store, 3);
    await newDocumentWithRows(store, 1);
    const version = { id: randomUUID(), seq: 2, label: 'draft' };
    await store.versions.add(id, version, BY);
    const published = await store.publications.publish(edition(id, 1), 3);
    const { versions, publications, audit } = await store.people.read(tenant, BY.user);
    expect(versions).toEqual([{ ...version, name: document, createdAt: BY.at }]);
    expect(publications).toEqual([{ name: document, id: published?.id, at: published?.at }]);
    expect(audit).toMatchObject([
      { seq: 2, action: 'document.publish', document, own: true },
      { seq: 1, action: 'version.create', document, own: true },
    ]);
    expect(await store.people.read(tenant, 'nobody')).toMatchObject({ versions: [], publications: [], audit: [] });
  });
}

function describePublications(get: () => ToldStoreUnderTest): void {
  it('[AUD220] what is published and withdrawn has rows', async () => {
    const store = get();
    const { id, tenant, name: document } = await newDocumentWithRows(store, 2);
    const published = await store.publications.publish(edition(id, 1), 3);
    await store.publications.publish(edition(id, 3), 3);
    await store.publications.withdraw(id, { ...BY, user: 'lin' });
    await store.publications.withdraw(id, BY);
    const about = { document, subject: null, detail: { seq: 1, publication: published?.id, edition: 1 } };
    expect(await told(store, tenant)).toEqual([
      { actor: 'grace', action: 'document.publish', ...about },
      { actor: 'lin', action: 'document.unpublish', ...about },
    ]);
  });

  it('[HOOK220] what is published and withdrawn is told of', async () => {
    const store = get();
    const { id, name } = await newDocumentWithRows(store, 2);
    const published = await store.publications.publish(edition(id, 1), 3);
    await store.publications.withdraw(id, BY);
    const about = { user: 'grace', name, facts: { epoch: 1, seq: 1, publication: published?.id, edition: 1 } };
    expect(await eventsOf(store, id)).toEqual([
      { type: 'document.published', ...about },
      { type: 'document.unpublished', ...about },
    ]);
  });

  it('[AUD221] a publication whose row cannot be written is neither there nor told of, and is not withdrawn', async () => {
    const store = get();
    const { id, tenant } = await newDocumentWithRows(store, 2);
    const { publications } = store;
    await expect(publications.publish(edition(id, 1, NOBODY), 3)).rejects.toBeInstanceOf(Error);
    expect([await publications.read(id), await eventsOf(store, id)]).toEqual([null, []]);
    await publications.publish(edition(id, 1), 3);
    await expect(publications.withdraw(id, NOBODY)).rejects.toBeInstanceOf(Error);
    expect(await publications.read(id)).toMatchObject({ edition: 1 });
    expect(await rowsOf(store, tenant)).toHaveLength(1);
  });
}

function describeErasures(get: () => ToldStoreUnderTest): void {
  const begin = (store: ToldStoreUnderTest, { tenant, name }: Parameters<typeof removeNow>[1], act = BY) => {
    const record = { id: `er_${randomUUID()}`, tenant, subjectHash: 'hash', begunAt: act.at, begunBy: act.user };
    return store.erasures.begin(name, record);
  };

  it('[AUD220] an erasure has a row when it begins, by whom and of what', async () => {
    const store = get();
    const document = await newDocumentWithRows(store, 1);
    expect(await begin(store, document)).toBeNull();
    await removeNow(store, document);
    await expect(begin(store, document, NOBODY)).rejects.toBeInstanceOf(Error);
    expect(await store.erasures.list(document.tenant)).toEqual([]);
    const record = await begin(store, document);
    expect((await told(store, document.tenant)).slice(1)).toEqual([
      {
        actor: 'grace',
        action: 'document.erase',
        document: document.name,
        subject: `erasure:${record?.id}`,
        detail: {},
      },
    ]);
  });

  it('[HOOK220] an erasure is told of once, when nothing is left', async () => {
    const store = get();
    const document = await newDocumentWithRows(store, 1);
    await removeNow(store, document);
    const { id = '' } = (await begin(store, document)) ?? {};
    await store.erasures.note(id, { rows: 1 }, null);
    expect((await eventsOf(store, document.id)).map(({ type }) => type)).toEqual(['document.deleted']);
    for (const _ of [1, 2]) await store.erasures.note(id, {}, AT + 5);
    expect((await eventsOf(store, document.id)).slice(1)).toEqual([
      { type: 'document.erased', user: 'grace', name: document.name, facts: { erasure: id } },
    ]);
    expect(await store.erasures.read(document.tenant, id)).toMatchObject({ finishedAt: AT + 5, counts: { rows: 1 } });
  });
}
