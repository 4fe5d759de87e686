import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotPointer } from '../../src/ports/snapshot-pointer.ts';
import { AT, newDocument, newDocumentWithRows, type OpenStore, type StoreUnderTest } from './store-under-test.ts';

/** Takes all that can be taken and tells which of the keys were among it. */
export async function takeAll(store: StoreUnderTest, now: number, keys: readonly string[]): Promise<readonly string[]> {
  const taken = new Set(await store.register.takeExpired({ now, retryAt: AT * 2, limit: 10_000 }));
  return keys.filter((key) => taken.has(key));
}

/** What every register of objects must do. */
export function describeObjectRegister(adapter: string, open: OpenStore): void {
  describe(`object register: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeTaking(() => store);
    describeLooking(() => store);
    describeNaming(() => store);
  });
}

function describeTaking(current: () => StoreUnderTest): void {
  it('[SNAP23] only keys that expired are taken, each once, the oldest first', async () => {
    const store = current();
    const { id } = await newDocument(store);
    await takeAll(store, AT * 2, []);
    for (const [index, expires] of [30, 10, 20, 900].entries()) {
      await store.register.register(id, `limited/${id}/${index}`, AT + expires);
    }
    const take = (now: number) => store.register.takeExpired({ now, retryAt: AT * 2, limit: 2 });
    expect(await take(AT + 10)).toEqual([]);
    expect((await take(AT + 100)).toSorted()).toEqual([`limited/${id}/1`, `limited/${id}/2`]);
    expect(await take(AT + 100)).toEqual([`limited/${id}/0`]);
    expect(await take(AT + 100)).toEqual([]);
    expect(await take(AT + 901)).toEqual([`limited/${id}/3`]);
  });

  it('[SNAP23] of several sweepers at once each key goes to one', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const keys = Array.from({ length: 40 }, () => `shared/${randomUUID()}`);
    for (const key of keys) await store.register.register(id, key, AT);
    const taken = await Promise.all(
      Array.from({ length: 8 }, () => store.register.takeExpired({ now: AT + 1, retryAt: AT * 2, limit: 10 })),
    );
    const mine = taken.flat().filter((key) => keys.includes(key));
    expect(new Set(mine).size).toBe(mine.length);
  });

  it('[SNAP35] a taken key is told again after a while, until it is forgotten: a sweeper may die', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const key = `dying/${randomUUID()}`;
    await store.register.register(id, key, AT);
    const take = async (now: number) => {
      const taken = await store.register.takeExpired({ now, retryAt: now + 100, limit: 10_000 });
      return taken.includes(key);
    };
    expect(await take(AT + 1)).toBe(true);
    expect(await take(AT + 101)).toBe(false);
    expect(await take(AT + 102)).toBe(true);
    await store.register.forget([key]);
    await store.register.forget([]);
    expect(await take(AT + 10_000)).toBe(false);
  });

  it('[SNAP35] a key is never used twice, and one that was not taken is not forgotten', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const key = `once/${randomUUID()}`;
    await store.register.register(id, key, AT);
    await expect(store.register.register(id, key, AT + 500)).rejects.toBeInstanceOf(Error);
    await store.register.forget([key]);
    expect(await takeAll(store, AT + 1, [key])).toEqual([key]);
  });
}

function describeLooking(current: () => StoreUnderTest): void {
  it('[HOOK245] keys that nothing names are found by their document, and can be taken before their time', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 1);
    const other = await newDocument(store);
    const keys = ['b', 'a', 'c', 'd'].map((letter) => `looked/${id}/${letter}`);
    for (const key of keys) await store.register.register(id, key, AT * 2);
    await store.register.register(other.id, `looked/${other.id}/e`, AT);
    const place = { kind: 'object', key: keys[3]! } as const;
    const segment = { fromSeq: 1, toSeq: 1, firstAt: AT, lastAt: AT, bytes: 1, rawBytes: 1, sha256: 'ab', place };
    expect(await store.history.publish(id, segment, 1)).toBe(true);
    expect(await store.register.listUnnamed(id, '', 2)).toEqual([keys[1], keys[0]]);
    expect(await store.register.listUnnamed(id, keys[0]!, 2)).toEqual([keys[2]]);
    expect(await store.register.take(keys[3]!, AT)).toBe(false);
    expect(await store.register.take(`looked/${id}/unknown`, AT)).toBe(false);
    expect(await store.register.take(keys[0]!, AT + 10)).toBe(true);
    // Taken, and not forgotten yet: its object may still be there.
    expect(await store.register.listUnnamed(id, '', 9)).toContain(keys[0]);
    const pointer = { seq: 1, at: AT, sha256: 'ab', bytes: 1, place: { kind: 'object', key: keys[0]! } } as const;
    expect(await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot: pointer })).toBe(
      false,
    );
    expect(await takeAll(store, AT + 11, keys)).toEqual([keys[0]]);
  });
}

function describeNaming(current: () => StoreUnderTest): void {
  const pointer = (key: string): SnapshotPointer => ({
    seq: 1,
    at: AT,
    sha256: createHash('sha256').update('x').digest('hex'),
    bytes: 1,
    place: { kind: 'object', key },
  });

  it('[SNAP23] a key that a pointer names is never taken', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 1);
    const key = `named/${id}`;
    await store.register.register(id, key, AT);
    await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot: pointer(key) });
    expect(await takeAll(store, AT * 3, [key])).toEqual([]);
    await store.register.forget([key]);
    expect(await store.snapshotIndex.locate(id, 1)).toEqual({ kind: 'object', key });
  });

  it('[SNAP24] a key that was taken can no longer be published, so no pointer names a removed object', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 1);
    const key = `taken/${id}`;
    await store.register.register(id, key, AT);
    expect(await takeAll(store, AT + 1, [key])).toEqual([key]);
    const publication = { documentId: id, epoch: 1, expectedSeq: 0, snapshot: pointer(key) };
    expect(await store.snapshotIndex.publish(publication)).toBe(false);
    await store.register.forget([key]);
    expect(await store.snapshotIndex.publish(publication)).toBe(false);
    expect((await store.log.readLoadStart(id))?.snapshot).toBeNull();
  });

  it('[SNAP24] of publishing and taking at once exactly one happens', async () => {
    const store = current();
    for (let round = 0; round < 10; round += 1) {
      const { id } = await newDocumentWithRows(store, 1);
      const key = `raced/${id}`;
      await store.register.register(id, key, AT);
      const [published, taken] = await Promise.all([
        store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot: pointer(key) }),
        takeAll(store, AT + 1, [key]),
      ]);
      expect(taken).toEqual(published ? [] : [key]);
    }
  });
}
