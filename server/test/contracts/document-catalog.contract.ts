import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import * as Y from 'yjs';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import {
  BY,
  AT,
  entry,
  name,
  newTenant,
  newWriter,
  type OpenStore,
  readTexts,
  removeNow,
  type StoreUnderTest,
} from './store-under-test.ts';

/** What every document catalog must do. */
export function describeDocumentCatalog(adapter: string, open: OpenStore): void {
  describe(`document catalog: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeLife(() => store);
    describeTombstones(() => store);
    describeRedirects(() => store);
    describeListing(() => store);
  });
}

/** A Yjs state vector of the clocks. */
function vector(clocks: Record<number, number>): Uint8Array {
  return Y.encodeStateVector(new Map(Object.entries(clocks).map(([client, clock]) => [Number(client), clock])));
}

/** The clocks of a name's tombstone, through the document that stands there now. */
async function tombstoneOf(
  store: StoreUnderTest,
  tenant: Tenant,
  at: DocumentName,
): Promise<Record<string, number> | null> {
  const resolution = await store.catalog.resolve(tenant, at);
  if (resolution.kind !== 'found' && resolution.kind !== 'renamed') throw new Error(resolution.kind);
  return resolution.tombstone === null ? null : Object.fromEntries(Y.decodeStateVector(resolution.tombstone));
}

async function create(store: StoreUnderTest, tenant: Tenant, text: string): Promise<DocumentRecord> {
  const result = await store.catalog.create(tenant, name(text), 'ada', AT);
  expect(result.kind).toBe('created');
  return result.record;
}

function describeLife(current: () => StoreUnderTest): void {
  it('[LOG40] a new document starts at epoch 1 and sequence number 0', async () => {
    const store = current();
    const tenant = newTenant();
    expect(await store.catalog.resolve(tenant, name('a'))).toEqual({ kind: 'absent' });
    const record = await create(store, tenant, 'a');
    expect(record).toEqual({
      id: record.id,
      tenant,
      name: 'a',
      epoch: 1,
      head: 0,
      createdAt: AT,
      createdBy: 'ada',
      updatedAt: AT,
      title: null,
      metadata: {},
      revision: 0,
    });
    expect(await store.catalog.resolve(tenant, name('a'))).toEqual({ kind: 'found', record, tombstone: null });
  });

  it('[LOG40] of many that create one name at once exactly one does, and the others get its document', async () => {
    const store = current();
    const tenant = newTenant();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.catalog.create(tenant, name('a'), `user ${index}`, AT)),
    );
    expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(new Set(results.map(({ record }) => JSON.stringify(record))).size).toBe(1);
  });

  it('[LOG48] the record follows the log: its head, and the time of the last row', async () => {
    const store = current();
    const record = await create(store, newTenant(), 'a');
    const writer = newWriter(store);
    await store.log.append(writer.batch([entry(record.id, 'x')], { at: AT + 5_000 }));
    await store.log.append(writer.batch([entry(record.id, '', { payload: null })], { at: AT + 9_000 }));
    const now = { ...record, head: 1, updatedAt: AT + 5_000 };
    expect(await store.catalog.resolve(record.tenant, record.name)).toMatchObject({ record: now });
    expect((await store.catalog.create(record.tenant, record.name, 'lin', AT)).record).toEqual(now);
  });

  it('[LOG41] a deleted document stays known as deleted, fences its writers, and cannot be deleted twice', async () => {
    const store = current();
    const { id, tenant, name: at } = await create(store, newTenant(), 'a');
    expect(await removeNow(store, { tenant, name: at }, { at: AT + 9 })).toBe('removed');
    expect(await store.catalog.resolve(tenant, at)).toEqual({ kind: 'deleted', deletedAt: AT + 9 });
    expect(await newWriter(store).append(entry(id, 'late'))).toEqual([{ kind: 'deleted' }]);
    expect(await store.damage.readEpoch(id)).toBe(2);
    expect(await removeNow(store, { tenant, name: at })).toBe('absent');
    expect(await removeNow(store, { tenant, name: name('never') })).toBe('absent');
    expect(await store.catalog.rename(tenant, at, name('b'), BY)).toEqual({ kind: 'absent' });
  });

  it('[SIM24] a document is not deleted where its log has gone on, and is as it was', async () => {
    const store = current();
    const { id, tenant, name: at } = await create(store, newTenant(), 'a');
    await newWriter(store).append(entry(id, 'row'));
    const remove = (epoch: number, seq: number) =>
      store.catalog.remove(tenant, at, { epoch, seq, stateVector: vector({ 1: 1 }) }, BY);
    expect([await remove(1, 0), await remove(1, 2), await remove(2, 1)]).toEqual(['moved', 'moved', 'moved']);
    expect(await newWriter(store).append(entry(id, 'more'))).toEqual([{ kind: 'stored', seq: 2 }]);
    expect([await remove(1, 2), await remove(1, 2)]).toEqual(['removed', 'absent']);
    await create(store, tenant, 'a');
    expect(await tombstoneOf(store, tenant, at)).toEqual({ 1: 1 });
  });

  it('[LOG41] a document made again is another one, one epoch above the last, with none of its rows', async () => {
    const store = current();
    const tenant = newTenant();
    const seen = new Set<number>();
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      const record = await create(store, tenant, 'a');
      expect(record).toMatchObject({ epoch, head: 0 });
      expect(await readTexts(store, record.id)).toEqual([]);
      await newWriter(store).append(entry(record.id, 'old', { epoch }));
      seen.add(record.id);
      await removeNow(store, { tenant, name: name('a') });
    }
    expect(seen.size).toBe(3);
  });
}

function describeTombstones(current: () => StoreUnderTest): void {
  it('[LOG42] a tombstone joins the state vectors of all incarnations, and the larger clock wins', async () => {
    const store = current();
    const tenant = newTenant();
    await create(store, tenant, 'a');
    await removeNow(store, { tenant, name: name('a') }, { stateVector: vector({ 1: 10, 2: 20, [2 ** 32 - 1]: 5 }) });
    await create(store, tenant, 'a');
    expect(await tombstoneOf(store, tenant, name('a'))).toEqual({ 1: 10, 2: 20, [2 ** 32 - 1]: 5 });
    await removeNow(store, { tenant, name: name('a') }, { stateVector: vector({ 2: 7, 1: 11, 3: 2 ** 40 }) });
    await create(store, tenant, 'a');
    expect(await tombstoneOf(store, tenant, name('a'))).toEqual({ 1: 11, 2: 20, 3: 2 ** 40, [2 ** 32 - 1]: 5 });
  });

  it('[LOG42] a document that takes over a deleted name takes over its tombstone and a higher epoch', async () => {
    const store = current();
    const tenant = newTenant();
    await create(store, tenant, 'old');
    await removeNow(store, { tenant, name: name('old') }, { stateVector: vector({ 1: 10 }) });
    const moved = await create(store, tenant, 'new');
    const result = await store.catalog.rename(tenant, name('new'), name('old'), BY);
    expect(result).toMatchObject({ kind: 'renamed', record: { id: moved.id, name: 'old', epoch: 2 } });
    expect(await newWriter(store).append(entry(moved.id, 'stale'))).toEqual([{ kind: 'fenced' }]);
    expect(await tombstoneOf(store, tenant, name('old'))).toEqual({ 1: 10 });
    expect(await tombstoneOf(store, tenant, name('new'))).toEqual({ 1: 10 });
  });

  it('[LOG42] a deletion leaves its tombstone at every name that led to the document', async () => {
    const store = current();
    const tenant = newTenant();
    await create(store, tenant, 'a');
    await store.catalog.rename(tenant, name('a'), name('b'), BY);
    await store.catalog.rename(tenant, name('b'), name('c'), BY);
    await removeNow(store, { tenant, name: name('c') }, { stateVector: vector({ 1: 10 }), at: AT + 3 });
    for (const at of ['a', 'b', 'c']) {
      expect(await store.catalog.resolve(tenant, name(at))).toEqual({ kind: 'deleted', deletedAt: AT + 3 });
      expect((await create(store, tenant, at)).epoch).toBe(2);
      expect(await tombstoneOf(store, tenant, name(at))).toEqual({ 1: 10 });
    }
  });
}

function describeRedirects(current: () => StoreUnderTest): void {
  it('[LOG43] a rename keeps the document and leaves a redirect; a chain leads to its name now', async () => {
    const store = current();
    const tenant = newTenant();
    const { id } = await create(store, tenant, 'a');
    await newWriter(store).append(entry(id, 'row'));
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c/d'],
      ['c/d', 'e'],
    ] as const) {
      const result = await store.catalog.rename(tenant, name(from), name(to), BY);
      expect(result).toMatchObject({ kind: 'renamed', record: { id, name: to, epoch: 1, head: 1 } });
    }
    for (const at of ['a', 'b', 'c/d']) {
      const resolution = await store.catalog.resolve(tenant, name(at));
      expect(resolution).toMatchObject({ kind: 'renamed', record: { id, name: 'e', epoch: 1, head: 1 } });
    }
    expect(await store.catalog.resolve(tenant, name('e'))).toMatchObject({ kind: 'found', record: { id } });
    expect(await newWriter(store).append(entry(id, 'more'))).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  it('[LOG43] a name in use is not taken by a rename, and a missing one has nothing to rename', async () => {
    const store = current();
    const tenant = newTenant();
    const [a, b] = [await create(store, tenant, 'a'), await create(store, tenant, 'b')];
    expect(await store.catalog.rename(tenant, name('a'), name('b'), BY)).toEqual({ kind: 'exists' });
    expect(await store.catalog.rename(tenant, name('a'), name('a'), BY)).toEqual({ kind: 'exists' });
    expect(await store.catalog.rename(tenant, name('nope'), name('c'), BY)).toEqual({ kind: 'absent' });
    expect(await store.catalog.resolve(tenant, name('c'))).toEqual({ kind: 'absent' });
    expect(await store.catalog.resolve(tenant, name('a'))).toMatchObject({ kind: 'found', record: a });
    expect(await store.catalog.resolve(tenant, name('b'))).toMatchObject({ kind: 'found', record: b });
  });

  it('[LOG43] a document may take its old name back, with its epoch', async () => {
    const store = current();
    const tenant = newTenant();
    const { id } = await create(store, tenant, 'a');
    await store.catalog.rename(tenant, name('a'), name('b'), BY);
    const back = await store.catalog.rename(tenant, name('b'), name('a'), BY);
    expect(back).toMatchObject({ kind: 'renamed', record: { id, name: 'a', epoch: 1 } });
    expect(await store.catalog.resolve(tenant, name('b'))).toMatchObject({
      kind: 'renamed',
      record: { id, name: 'a' },
    });
  });

  it('[LOG44] whatever comes to stand at a redirect ends it, at an epoch that the name never had', async () => {
    const store = current();
    const tenant = newTenant();
    const first = await create(store, tenant, 'a');
    await store.catalog.rename(tenant, name('a'), name('b'), BY);
    const second = await create(store, tenant, 'a');
    expect(second).toMatchObject({ epoch: 2, head: 0 });
    expect(second.id).not.toBe(first.id);
    await store.catalog.rename(tenant, name('a'), name('c'), BY);
    const moved = await store.catalog.rename(tenant, name('b'), name('a'), BY);
    expect(moved).toMatchObject({ kind: 'renamed', record: { id: first.id, epoch: 3 } });
    expect(await store.catalog.resolve(tenant, name('a'))).toMatchObject({ kind: 'found', record: { id: first.id } });
    expect(await store.catalog.resolve(tenant, name('c'))).toMatchObject({ kind: 'found', record: { id: second.id } });
  });
}

function describeListing(current: () => StoreUnderTest): void {
  it('[LOG45] the list is in order of the names, holds live documents only, and can be narrowed by a prefix', async () => {
    const store = current();
    const tenant = newTenant();
    for (const text of ['b', 'a/2', 'a', 'a/10', 'Z', 'gone', 'moved', 'a~', 'ab']) await create(store, tenant, text);
    await removeNow(store, { tenant, name: name('gone') });
    await store.catalog.rename(tenant, name('moved'), name('c'), BY);
    const list = async (prefix: string) =>
      (await store.catalog.list({ tenant, prefix, cursor: null, limit: 100 })).records.map((record) => record.name);
    expect(await list('')).toEqual(['Z', 'a', 'a/10', 'a/2', 'ab', 'a~', 'b', 'c']);
    expect(await list('a')).toEqual(['a', 'a/10', 'a/2', 'ab', 'a~']);
    expect(await list('a/')).toEqual(['a/10', 'a/2']);
    for (const prefix of ['%', 'A', '_', 'é', 'a\0', 'zz']) expect(await list(prefix)).toEqual([]);
  });

  it('[LOG46] paging goes on from its place while documents come, go and change their names', async () => {
    const store = current();
    const tenant = newTenant();
    for (let index = 10; index < 30; index += 1) await create(store, tenant, `d${index}`);
    const first = await store.catalog.list({ tenant, prefix: '', cursor: null, limit: 5 });
    expect(first.records.map((record) => record.name)).toEqual(['d10', 'd11', 'd12', 'd13', 'd14']);
    // The very document at the cursor goes, one comes before it, one behind it, and one changes sides.
    await removeNow(store, { tenant, name: name('d14') });
    await create(store, tenant, 'd101');
    await create(store, tenant, 'd151');
    await store.catalog.rename(tenant, name('d16'), name('a16'), BY);
    const second = await store.catalog.list({ tenant, prefix: '', cursor: first.nextCursor, limit: 5 });
    expect(second.records.map((record) => record.name)).toEqual(['d15', 'd151', 'd17', 'd18', 'd19']);
    const rest = await store.catalog.list({ tenant, prefix: '', cursor: second.nextCursor, limit: 10 });
    expect(rest.records).toHaveLength(10);
    expect(rest.nextCursor).toBeNull();
  });

  it('[LOG46] a cursor that is none is refused', async () => {
    const query = { tenant: newTenant(), prefix: '', limit: 5 };
    for (const cursor of ['', '!', 'Li4v', 'x'.repeat(500)]) {
      await expect(current().catalog.list({ ...query, cursor })).rejects.toMatchObject({ code: 'bad-request' });
    }
  });

  it('[LOG47] tenants do not see, change or hold up one another', async () => {
    const store = current();
    const [mine, theirs] = [newTenant(), newTenant()];
    const own = await create(store, mine, 'a');
    const other = await create(store, theirs, 'a');
    expect(other.id).not.toBe(own.id);
    await create(store, theirs, 'b');
    expect(await store.catalog.resolve(mine, name('b'))).toEqual({ kind: 'absent' });
    expect(await store.catalog.rename(mine, name('b'), name('c'), BY)).toEqual({ kind: 'absent' });
    expect(await removeNow(store, { tenant: mine, name: name('b') })).toBe('absent');
    expect(await store.catalog.rename(mine, name('a'), name('b'), BY)).toMatchObject({ kind: 'renamed' });
    await removeNow(store, { tenant: mine, name: name('b') }, { stateVector: vector({ 1: 1 }) });
    expect(await store.catalog.resolve(theirs, name('a'))).toEqual({ kind: 'found', record: other, tombstone: null });
    const listed = await store.catalog.list({ tenant: theirs, prefix: '', cursor: null, limit: 100 });
    expect(listed.records.map((record) => record.name)).toEqual(['a', 'b']);
    expect((await store.catalog.list({ tenant: mine, prefix: '', cursor: null, limit: 100 })).records).toEqual([]);
  });
}
