import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistorySegment } from '../../src/ports/history-index.ts';
import { takeAll } from './object-register.contract.ts';
import {
  AT,
  bytes,
  newDocumentWithRows,
  type OpenStore,
  removeNow,
  type StoreUnderTest,
  UNKNOWN_DOCUMENT,
} from './store-under-test.ts';

/** What every index of history segments must do. */
export function describeHistoryIndex(adapter: string, open: OpenStore): void {
  describe(`history index: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describePublishing(() => store);
    describeReading(() => store);
  });
}

/** A segment in the database. */
export function inlineSegment(fromSeq: number, toSeq: number): HistorySegment {
  const content = bytes(`rows ${fromSeq} to ${toSeq}`);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const times = { firstAt: AT + fromSeq, lastAt: AT + toSeq };
  return { fromSeq, toSeq, ...times, bytes: content.length, rawBytes: 999, sha256, place: { kind: 'inline', content } };
}

async function registeredSegment(
  store: StoreUnderTest,
  documentId: number,
  range: { readonly from: number; readonly to: number },
): Promise<HistorySegment> {
  const key = `t/x/d/${documentId}/segment-${randomUUID()}`;
  await store.register.register(documentId, key, AT);
  return { ...inlineSegment(range.from, range.to), place: { kind: 'object', key } };
}

function describePublishing(current: () => StoreUnderTest): void {
  it('[SNAP32] segments follow one another without a gap or an overlap', async () => {
    const store = current();
    const { id, tenant } = await newDocumentWithRows(store, 9);
    const publish = (from: number, to: number) => store.history.publish(id, inlineSegment(from, to), 1);
    expect(await store.history.readProgress(id)).toEqual({ tenant, epoch: 1, head: 9, snapshotSeq: 0, archivedSeq: 0 });
    expect(await publish(2, 3)).toBe(false);
    expect(await publish(1, 4)).toBe(true);
    expect(await publish(1, 4)).toBe(false);
    expect(await publish(4, 6)).toBe(false);
    expect(await publish(6, 7)).toBe(false);
    expect(await publish(5, 7)).toBe(true);
    expect(await store.history.readProgress(id)).toMatchObject({ archivedSeq: 7 });
    expect((await store.log.readLoadStart(id))?.archivedSeq).toBe(7);
    const listed = await store.history.list(id, 0, 10);
    expect(listed.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([
      [1, 4],
      [5, 7],
    ]);
  });

  it('[SNAP32] of several that archive at once exactly one wins, and the others leave only garbage', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 5);
    const candidates = await Promise.all([3, 4, 5, 5].map((to) => registeredSegment(store, id, { from: 1, to })));
    const wins = await Promise.all(candidates.map((segment) => store.history.publish(id, segment, 1)));
    expect(wins.filter(Boolean)).toHaveLength(1);
    const winner = candidates[wins.indexOf(true)]!;
    expect(await store.history.readProgress(id)).toMatchObject({ archivedSeq: winner.toSeq });
    expect(await store.history.locate(id, winner.toSeq)).toEqual(winner.place);
    const keys = candidates.map(({ place }) => (place.kind === 'object' ? place.key : ''));
    const garbage = keys.filter((_, index) => !wins[index]);
    expect((await takeAll(store, AT + 1, keys)).toSorted()).toEqual(garbage.toSorted());
  });

  it('[SNAP33] nothing is archived above the head, for a deleted document, or under a key that was not registered', async () => {
    const store = current();
    const { id, tenant, name } = await newDocumentWithRows(store, 3);
    expect(await store.history.publish(id, inlineSegment(1, 4), 1)).toBe(false);
    const unregistered: HistorySegment = { ...inlineSegment(1, 2), place: { kind: 'object', key: 'never/registered' } };
    expect(await store.history.publish(id, unregistered, 1)).toBe(false);
    expect(await store.history.publish(UNKNOWN_DOCUMENT, inlineSegment(1, 1), 1)).toBe(false);
    expect(await store.history.readProgress(id)).toMatchObject({ archivedSeq: 0 });
    expect(await store.history.list(id, 0, 10)).toEqual([]);
    await removeNow(store, { tenant, name });
    expect(await store.history.publish(id, inlineSegment(1, 2), 1)).toBe(false);
    expect(await store.history.readProgress(id)).toBeNull();
  });

  it('[HOOK244] nothing is archived that was read before the epoch rose', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 3);
    await store.damage.setEpoch(id, 2);
    expect(await store.history.publish(id, inlineSegment(1, 2), 1)).toBe(false);
    expect(await store.history.readProgress(id)).toMatchObject({ epoch: 2, archivedSeq: 0 });
    expect(await store.history.publish(id, inlineSegment(1, 2), 2)).toBe(true);
  });

  it('[SNAP33] inline bytes that read back other than they were written are not published', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 3);
    const lying = { ...inlineSegment(1, 2), sha256: 'ab'.repeat(32) };
    await expect(store.history.publish(id, lying, 1)).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(await store.history.readProgress(id)).toMatchObject({ archivedSeq: 0 });
  });
}

function describeReading(current: () => StoreUnderTest): void {
  it('[SNAP34] segments are found by the rows they hold, with their times and checksums', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 9);
    for (const [from, to] of [
      [1, 3],
      [4, 4],
      [5, 9],
    ] as const) {
      await store.history.publish(id, inlineSegment(from, to), 1);
    }
    const ends = async (after: number, limit = 10) =>
      (await store.history.list(id, after, limit)).map(({ toSeq }) => toSeq);
    expect(await ends(0)).toEqual([3, 4, 9]);
    expect(await ends(2)).toEqual([3, 4, 9]);
    expect(await ends(3)).toEqual([4, 9]);
    expect(await ends(8, 1)).toEqual([9]);
    expect(await ends(0, 2)).toEqual([3, 4]);
    expect(await ends(9)).toEqual([]);
    const { place, ...expected } = inlineSegment(5, 9);
    expect((await store.history.list(id, 4, 1))[0]).toEqual({ ...expected, place: place.kind });
    const found = await store.history.locate(id, 9);
    expect(found?.kind === 'inline' && Buffer.from(found.content).toString()).toBe('rows 5 to 9');
    expect(await store.history.locate(id, 8)).toBeNull();
    expect(await store.history.findAnew(id, 9)).toEqual(inlineSegment(5, 9));
    expect(await store.history.findAnew(id, 8)).toBeNull();
  });
}
