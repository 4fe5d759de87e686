import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotPointer } from '../../src/ports/snapshot-pointer.ts';
import {
  AT,
  bytes,
  entry,
  newDocumentWithRows,
  newWriter,
  removeNow,
  type OpenStore,
  type StoreUnderTest,
  UNKNOWN_DOCUMENT,
} from './store-under-test.ts';
import { takeAll } from './object-register.contract.ts';

/** What every index of snapshots must do. */
export function describeSnapshotIndex(adapter: string, open: OpenStore): void {
  describe(`snapshot index: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describePublishing(() => store);
    describeInline(() => store);
    describeKeeping(() => store);
  });
}

/** A snapshot whose key is registered. */
async function registered(store: StoreUnderTest, documentId: number, seq: number): Promise<SnapshotPointer> {
  const key = `t/x/d/${documentId}/snapshot-${seq}-${randomUUID()}`;
  await store.register.register(documentId, key, AT);
  return { seq, at: AT + seq, sha256: 'ab'.repeat(32), bytes: 1_000 + seq, place: { kind: 'object', key } };
}

function inline(seq: number, text: string): SnapshotPointer {
  const content = bytes(text);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { seq, at: AT + seq, sha256, bytes: content.length, place: { kind: 'inline', content } };
}

function keyOf({ place }: SnapshotPointer): string {
  return place.kind === 'object' ? place.key : '';
}

/** Moves the pointer of a document at epoch 1. */
function publish(
  store: StoreUnderTest,
  documentId: number,
  move: { readonly from: number; readonly to: SnapshotPointer; readonly epoch?: number },
): Promise<boolean> {
  const { from: expectedSeq, to: snapshot, epoch = 1 } = move;
  return store.snapshotIndex.publish({ documentId, epoch, expectedSeq, snapshot });
}

function describePublishing(current: () => StoreUnderTest): void {
  it('[SNAP20] a pointer moves on from where it is expected, the old one is kept, the tail shrinks', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 5);
    const [first, second, third] = await Promise.all([2, 3, 5].map((seq) => registered(store, id, seq)));
    expect(await publish(store, id, { from: 0, to: first! })).toBe(true);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: first!, tailBytes: 30, head: 5 });
    expect(await publish(store, id, { from: 2, to: second! })).toBe(true);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: second!, tailBytes: 20 });
    expect(await publish(store, id, { from: 3, to: third! })).toBe(true);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: third!, tailBytes: 0 });
    expect((await store.snapshotIndex.list(id)).map(({ seq }) => seq)).toEqual([5, 3, 2]);
    await newWriter(store).append(entry(id, '123'));
    expect(await store.log.readLoadStart(id)).toMatchObject({ tailBytes: 3 });
  });

  it('[SNAP21] of several that publish at once exactly one wins, at the first snapshot and at later ones', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 4);
    for (const [from, seq] of [
      [0, 2],
      [2, 4],
    ] as const) {
      const candidates = await Promise.all(Array.from({ length: 6 }, () => registered(store, id, seq)));
      const wins = await Promise.all(candidates.map((to) => publish(store, id, { from, to })));
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await store.log.readLoadStart(id))?.snapshot).toEqual(candidates[wins.indexOf(true)]);
      const losers = candidates.filter((_, index) => !wins[index]).map(keyOf);
      expect((await takeAll(store, AT + 1, candidates.map(keyOf))).toSorted()).toEqual(losers.toSorted());
    }
  });

  it('[SNAP22] nothing is published at another epoch, above the head, for a deleted document or an unregistered key', async () => {
    const store = current();
    const { id, tenant, name } = await newDocumentWithRows(store, 2);
    const snapshot = await registered(store, id, 2);
    const unregistered: SnapshotPointer = { ...snapshot, place: { kind: 'object', key: 'never/registered' } };
    const foreign = await registered(store, UNKNOWN_DOCUMENT, 2);
    expect(await publish(store, id, { from: 0, to: snapshot, epoch: 2 })).toBe(false);
    expect(await publish(store, id, { from: 1, to: snapshot })).toBe(false);
    expect(await publish(store, id, { from: 0, to: await registered(store, id, 3) })).toBe(false);
    expect(await publish(store, id, { from: 0, to: unregistered })).toBe(false);
    expect(await publish(store, id, { from: 0, to: foreign })).toBe(false);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: null, tailBytes: 20 });
    expect(await store.snapshotIndex.list(id)).toEqual([]);
    expect(await publish(store, id, { from: 0, to: snapshot })).toBe(true);
    const late = await registered(store, id, 2);
    await removeNow(store, { tenant, name });
    expect(await publish(store, id, { from: 2, to: late })).toBe(false);
    expect(await publish(store, id, { from: 2, to: late, epoch: 2 })).toBe(false);
  });

  it('[SNAP22] the pointer never goes back', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 3);
    await publish(store, id, { from: 0, to: inline(3, 'three') });
    expect(await publish(store, id, { from: 3, to: inline(2, 'two') })).toBe(false);
    expect((await store.log.readLoadStart(id))?.snapshot?.seq).toBe(3);
  });
}

function describeInline(current: () => StoreUnderTest): void {
  it('[SNAP29] a small snapshot is kept beside its pointer and needs no key', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 3);
    expect(await publish(store, id, { from: 0, to: inline(2, 'two') })).toBe(true);
    expect(await publish(store, id, { from: 2, to: inline(3, 'three') })).toBe(true);
    const place = (await store.log.readLoadStart(id))?.snapshot?.place;
    expect(place?.kind === 'inline' && Buffer.from(place.content).toString()).toBe('three');
    const older = await store.snapshotIndex.locate(id, 2);
    expect(older?.kind === 'inline' && Buffer.from(older.content).toString()).toBe('two');
    expect(await store.snapshotIndex.locate(id, 1)).toBeNull();
    expect(await store.snapshotIndex.list(id)).toEqual([
      expect.objectContaining({ seq: 3, at: AT + 3, bytes: 5, place: 'inline' }),
      expect.objectContaining({ seq: 2, at: AT + 2, bytes: 3, place: 'inline' }),
    ]);
  });

  it('[SNAP29] inline bytes that read back other than they were written are not published', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 2);
    const lying = { ...inline(2, 'two'), sha256: 'ab'.repeat(32) };
    await expect(publish(store, id, { from: 0, to: lying })).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: null, tailBytes: 20 });
    expect(await store.snapshotIndex.list(id)).toEqual([]);
    expect(await publish(store, id, { from: 0, to: inline(2, 'two') })).toBe(true);
  });
}

function describeKeeping(current: () => StoreUnderTest): void {
  it('[SNAP30] snapshots that are given up go, the newest never, and their keys may be removed from then on', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 4);
    const [first, second, third] = await Promise.all([1, 2, 4].map((seq) => registered(store, id, seq)));
    await publish(store, id, { from: 0, to: first! });
    await publish(store, id, { from: 1, to: second! });
    await publish(store, id, { from: 2, to: inline(3, 'three') });
    await publish(store, id, { from: 3, to: third! });
    await store.snapshotIndex.retire(id, [], AT);
    await store.snapshotIndex.retire(id, [1, 3, 4, 99], AT + 500);
    expect((await store.snapshotIndex.list(id)).map(({ seq }) => seq)).toEqual([4, 2]);
    const keys = [first!, second!, third!].map(keyOf);
    expect(await takeAll(store, AT + 500, keys)).toEqual([]);
    expect(await takeAll(store, AT + 501, keys)).toEqual([keyOf(first!)]);
  });

  it('[SNAP31] a damaged snapshot can be replaced where it stands, and its key may be removed', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 2);
    const damaged = await registered(store, id, 2);
    await publish(store, id, { from: 0, to: damaged });
    const sound = await registered(store, id, 2);
    expect(await publish(store, id, { from: 2, to: { ...sound, at: AT + 100 } })).toBe(true);
    expect((await store.log.readLoadStart(id))?.snapshot?.place).toEqual(sound.place);
    expect(await store.snapshotIndex.list(id)).toHaveLength(1);
    expect(await takeAll(store, AT + 101, [keyOf(damaged), keyOf(sound)])).toEqual([keyOf(damaged)]);
  });

  it('[SNAP7] a pointer whose snapshot is not there reads as none', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 2);
    await publish(store, id, { from: 0, to: inline(2, 'two') });
    await store.damage.dropSnapshots(id);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: null, head: 2, rows: [] });
  });
}
