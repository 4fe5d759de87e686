import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { SnapshotPointer } from '../../src/ports/update-log.ts';
import { AT, entry, newDocument, newWriter, type OpenStore, type StoreUnderTest } from './store-under-test.ts';

/** The part of the update log that keeps track of snapshots. */
export function describeSnapshotPointers(adapter: string, open: OpenStore): void {
  describe(`snapshot pointers of the update log: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describePublishing(() => store);
    describeRegister(() => store);
  });
}

/** A document with so many rows of ten bytes. */
async function newDocumentWithRows(store: StoreUnderTest, rows: number): Promise<DocumentRecord> {
  const document = await newDocument(store);
  const writer = newWriter(store);
  for (let index = 0; index < rows; index += 1) await writer.append(entry(document.id, '0123456789'));
  return document;
}

async function registered(store: StoreUnderTest, documentId: number, seq: number): Promise<SnapshotPointer> {
  const key = `t/x/d/${documentId}/1-${seq}-${randomUUID()}`;
  await store.log.registerSnapshot(documentId, key, AT);
  return { seq, key, sha256: 'ab'.repeat(32), bytes: 1_000 + seq };
}

/** Takes all that can be taken and tells which of the keys were among it. */
async function takeAll(store: StoreUnderTest, now: number, keys: readonly string[]): Promise<readonly string[]> {
  const taken = new Set(await store.log.takeExpiredSnapshots(now, 10_000));
  return keys.filter((key) => taken.has(key));
}

function describePublishing(current: () => StoreUnderTest): void {
  it('[SNAP20] a pointer moves on from where it is expected, the old one becomes the previous one, the tail shrinks', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 5);
    const [first, second, third] = [
      await registered(store, id, 2),
      await registered(store, id, 3),
      await registered(store, id, 5),
    ];
    expect(await store.log.publishSnapshot(id, 1, 0, first)).toBe(true);
    expect(await store.log.readLoadStart(id)).toMatchObject({
      snapshot: first,
      previousSnapshot: null,
      tailBytes: 30,
      head: 5,
    });
    expect(await store.log.publishSnapshot(id, 1, 2, second)).toBe(true);
    expect(await store.log.readLoadStart(id)).toMatchObject({
      snapshot: second,
      previousSnapshot: first,
      tailBytes: 20,
    });
    expect(await store.log.publishSnapshot(id, 1, 3, third)).toBe(true);
    expect(await store.log.readLoadStart(id)).toMatchObject({
      snapshot: third,
      previousSnapshot: second,
      tailBytes: 0,
    });
    await newWriter(store).append(entry(id, '123'));
    expect(await store.log.readLoadStart(id)).toMatchObject({ tailBytes: 3 });
  });

  it('[SNAP21] of several that publish at once exactly one wins, at the first snapshot and at later ones', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 4);
    for (const [expected, seq] of [
      [0, 2],
      [2, 4],
    ] as const) {
      const candidates = await Promise.all(Array.from({ length: 6 }, () => registered(store, id, seq)));
      const wins = await Promise.all(
        candidates.map((candidate) => store.log.publishSnapshot(id, 1, expected, candidate)),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await store.log.readLoadStart(id))?.snapshot).toEqual(candidates[wins.indexOf(true)]);
      const losers = candidates.filter((_, index) => !wins[index]).map(({ key }) => key);
      expect(
        await takeAll(
          store,
          AT + 1,
          candidates.map(({ key }) => key),
        ),
      ).toEqual(losers);
    }
  });

  it('[SNAP22] nothing is published at another epoch, above the head, for a deleted document or an unregistered key', async () => {
    const store = current();
    const { id, tenant, name } = await newDocumentWithRows(store, 2);
    const snapshot = await registered(store, id, 2);
    expect(await store.log.publishSnapshot(id, 2, 0, snapshot)).toBe(false);
    expect(await store.log.publishSnapshot(id, 1, 1, snapshot)).toBe(false);
    expect(await store.log.publishSnapshot(id, 1, 0, await registered(store, id, 3))).toBe(false);
    expect(await store.log.publishSnapshot(id, 1, 0, { ...snapshot, key: 'never/registered' })).toBe(false);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: null, previousSnapshot: null, tailBytes: 20 });
    expect(await store.log.publishSnapshot(id, 1, 0, snapshot)).toBe(true);
    const late = await registered(store, id, 2);
    await store.catalog.remove(tenant, name, new Uint8Array([0]), AT);
    expect(await store.log.publishSnapshot(id, 1, 2, late)).toBe(false);
    expect(await store.log.publishSnapshot(id, 2, 2, late)).toBe(false);
  });
}

function describeRegister(current: () => StoreUnderTest): void {
  it('[SNAP23] only keys that expired and that no pointer names are taken, each once', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 3);
    const [first, second, third, unused] = await Promise.all([1, 2, 3, 3].map((seq) => registered(store, id, seq)));
    await store.log.registerSnapshot(id, `later/${id}`, AT + 1_000);
    const keys = [first!.key, second!.key, third!.key, unused!.key, `later/${id}`];
    await store.log.publishSnapshot(id, 1, 0, first!);
    await store.log.publishSnapshot(id, 1, 1, second!);
    expect(await takeAll(store, AT, keys)).toEqual([]);
    await store.log.registerSnapshot(id, third!.key, AT + 500);
    expect(await takeAll(store, AT + 1, keys)).toEqual([unused!.key]);
    expect(await takeAll(store, AT + 1, keys)).toEqual([]);
    expect(await store.log.publishSnapshot(id, 1, 2, third!)).toBe(true);
    // The first one is neither the pointer nor the previous one any more.
    expect(await takeAll(store, AT + 501, keys)).toEqual([first!.key]);
    expect(await takeAll(store, AT + 1_001, keys)).toEqual([`later/${id}`]);
    expect(await store.log.readLoadStart(id)).toMatchObject({ snapshot: third!, previousSnapshot: second! });
  });

  it('[SNAP24] a key that was taken can no longer be published, so no pointer names a removed object', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 1);
    const snapshot = await registered(store, id, 1);
    expect(await takeAll(store, AT + 1, [snapshot.key])).toEqual([snapshot.key]);
    expect(await store.log.publishSnapshot(id, 1, 0, snapshot)).toBe(false);
    expect((await store.log.readLoadStart(id))?.snapshot).toBeNull();
  });

  it('[SNAP23] a limit takes the keys that expired first', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 1);
    await store.log.takeExpiredSnapshots(AT * 2, 10_000);
    for (const [index, expires] of [30, 10, 20].entries()) {
      await store.log.registerSnapshot(id, `limited/${id}/${index}`, AT + expires);
    }
    const taken = await store.log.takeExpiredSnapshots(AT + 100, 2);
    expect(taken.toSorted()).toEqual([`limited/${id}/1`, `limited/${id}/2`]);
    expect(await store.log.takeExpiredSnapshots(AT + 100, 2)).toEqual([`limited/${id}/0`]);
  });
}
