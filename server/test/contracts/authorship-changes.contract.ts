import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  type AuthoredStore,
  change,
  inlineSnapshot,
  newDocumentOf,
  replacing,
  sumOfAll,
} from './authored-documents.ts';
import { inlineSegment } from './history-index.contract.ts';
import { takeAll } from './object-register.contract.ts';
import { AT, bytes, entry, readTexts, removeNow } from './store-under-test.ts';

/** How segments give their place to others. */
export function describeSegments(get: () => AuthoredStore): void {
  const replacement = (text: string, more: object = {}) => {
    const content = bytes(text);
    const place = { kind: 'inline', content } as const;
    return { ...inlineSegment(1, 2), bytes: content.length, rawBytes: 77, sha256: sumOfAll(text), place, ...more };
  };

  it('[HOOK243] a segment gives its place to another, if it is still the one that was read', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['one', 'two']);
    const before = inlineSegment(1, 2);
    await store.history.publish(id, before, 1);
    const segment = replacement('renamed');
    const replace = (sha256: string) =>
      store.authorship.replace(id, change({ segment: { sha256, segment, removableAt: AT } }));
    expect(await replace(sumOfAll('another'))).toBe(false);
    expect(await store.history.findAnew(id, 2)).toEqual(before);
    expect(await replace(before.sha256)).toBe(true);
    expect(await store.history.findAnew(id, 2)).toEqual(segment);
    expect(await replace(before.sha256)).toBe(false);
    expect(await store.history.readProgress(id)).toMatchObject({ archivedSeq: 2 });
    const lying = { ...segment, sha256: sumOfAll('a lie') };
    const lie = change({ segment: { sha256: segment.sha256, segment: lying, removableAt: AT } });
    await expect(store.authorship.replace(id, lie)).rejects.toMatchObject({ code: 'storage-unavailable' });
  });

  it('[HOOK245] the key of a new segment is named, that of the one before can be swept, in a deleted document too', async () => {
    const store = get();
    const { id, tenant, name } = await newDocumentOf(store, ['one', 'two']);
    const keys = [1, 2, 3].map((which) => `swapped/${randomUUID()}/${which}`);
    for (const key of keys.slice(0, 2)) await store.register.register(id, key, AT);
    const first = { ...inlineSegment(1, 2), place: { kind: 'object', key: keys[0]! } } as const;
    await store.history.publish(id, first, 1);
    await removeNow(store, { tenant, name });
    const epoch = await store.damage.readEpoch(id);
    const swap = (key: string) => {
      const segment = replacement('renamed', { place: { kind: 'object', key } });
      const swapped = { sha256: first.sha256, segment, removableAt: AT };
      return store.authorship.replace(id, change({ epoch, segment: swapped }));
    };
    expect(await swap(keys[2]!)).toBe(false);
    expect(await takeAll(store, AT, keys)).toEqual([]);
    expect(await swap(keys[1]!)).toBe(true);
    expect(await store.history.locate(id, 2)).toEqual({ kind: 'object', key: keys[1] });
    expect(await takeAll(store, AT + 1, keys)).toEqual([keys[0]]);
  });
}

/** How the last change of a pass ends it. */
export function describeSealing(get: () => AuthoredStore): void {
  const seal = (after: number) => ({ bytes: bytes('ada'), after, from: 'ada', to: 'erased' });

  it('[HOOK244] a seal raises the epoch with its change, and fences rooms, bindings and snapshots of before', async () => {
    const store = get();
    const { id, writer } = await newDocumentOf(store, ['ada 1', 'bob 2']);
    await writer.append(entry(id, 'bob 3', { bindings: [{ client: 7, user: 'ada' }] }));
    const rows = await replacing(store, id, { 1: 'erased 1' });
    expect(await store.authorship.replace(id, change({ rows, seal: seal(3) }))).toBe(true);
    expect(await store.damage.readEpoch(id)).toBe(2);
    expect(await store.log.readBindings(id)).toEqual([{ client: 7, user: 'erased' }]);
    const late = { bindings: [{ client: 8, user: 'ada' }] };
    expect(await writer.append(entry(id, 'ada 4', late))).toEqual([{ kind: 'fenced' }]);
    expect(await writer.append(entry(id, '', { ...late, payload: null }))).toEqual([{ kind: 'fenced' }]);
    expect(await store.log.readBindings(id)).toHaveLength(1);
    const snapshot = inlineSnapshot(3);
    expect(await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot })).toBe(false);
    expect(await writer.append(entry(id, 'bob 4', { epoch: 2 }))).toEqual([{ kind: 'stored', seq: 4 }]);
  });

  it('[HOOK244] a seal is refused, with all of its change, where a row above holds the bytes', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['ada 1', 'bob 2', 'ada 3']);
    const rows = await replacing(store, id, { 1: 'erased 1' });
    expect(await store.authorship.replace(id, change({ rows, seal: seal(2) }))).toBe(false);
    expect([await store.damage.readEpoch(id), (await readTexts(store, id))[0]]).toEqual([1, [1, 'ada 1']]);
    expect(await store.authorship.replace(id, change({ rows, seal: seal(3) }))).toBe(true);
    expect([await store.damage.readEpoch(id), (await readTexts(store, id))[0]]).toEqual([2, [1, 'erased 1']]);
  });

  it('[HOOK244] the epoch of a deleted document stays, and nobody can append to it anyway', async () => {
    const store = get();
    const { id, tenant, name } = await newDocumentOf(store, ['ada 1']);
    await removeNow(store, { tenant, name });
    const epoch = await store.damage.readEpoch(id);
    const rows = await replacing(store, id, { 1: 'erased 1' });
    expect(await store.authorship.replace(id, change({ epoch, rows, seal: seal(1) }))).toBe(true);
    expect([await store.damage.readEpoch(id), await readTexts(store, id)]).toEqual([epoch, [[1, 'erased 1']]]);
  });
}
