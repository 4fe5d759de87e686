import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropFloor } from '../../src/core/drop-gate.ts';
import { createRandom } from '../support/random.ts';
import { inlineSegment } from './history-index.contract.ts';
import { takeAll } from './object-register.contract.ts';
import {
  AT,
  bytes,
  entry,
  newDocument,
  newDocuments,
  newDocumentWithRows,
  newWriter,
  type OpenStore,
  readTexts,
  removeNow,
  type StoreUnderTest,
  UNKNOWN_DOCUMENT,
} from './store-under-test.ts';

/** What whatever removes rows one by one must do, and what consumers' cursors hold it to. */
export function describeLogUpkeep(adapter: string, open: OpenStore): void {
  describe(`log upkeep: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeCursors(() => store);
    describeDropping(() => store);
    describeBacklog(() => store);
    describePurge(() => store);
  });
}

async function snapshotAt(store: StoreUnderTest, documentId: number, seq: number): Promise<void> {
  const content = bytes('state');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const snapshot = { seq, at: AT, sha256, bytes: content.length, place: { kind: 'inline', content } } as const;
  const expectedSeq = (await store.log.readLoadStart(documentId))?.snapshot?.seq ?? 0;
  expect(await store.snapshotIndex.publish({ documentId, epoch: 1, expectedSeq, snapshot })).toBe(true);
}

function describeCursors(current: () => StoreUnderTest): void {
  it('[LOG38] a cursor moves forward only, and each document and consumer has its own', async () => {
    const store = current();
    const [first, second] = await newDocuments(store, 2);
    const [search, hooks] = [`search ${randomUUID()}`, `hooks ${randomUUID()}`];
    await store.cursors.register(search, 'chosen-documents');
    expect(await store.cursors.read(search, first!.id)).toBe(0);
    await store.cursors.advance(search, first!.id, 5);
    await store.cursors.advance(search, first!.id, 3);
    expect(await store.cursors.read(search, first!.id)).toBe(5);
    await store.cursors.advance(search, first!.id, 8);
    expect(await store.cursors.read(search, first!.id)).toBe(8);
    expect(await store.cursors.read(search, second!.id)).toBe(0);
    expect(await store.cursors.read(hooks, first!.id)).toBe(0);
    await store.cursors.unregister(search);
    expect(await store.cursors.read(search, first!.id)).toBe(0);
  });

  it('[LOG38] one that follows every document holds back those in which it has no cursor yet', async () => {
    const store = current();
    const [first, second] = await newDocuments(store, 2);
    const consumer = `everything ${randomUUID()}`;
    const cursorsOf = async (id: number) => (await store.upkeep.readDropFacts(id))?.cursors;
    await store.cursors.register(consumer, 'chosen-documents');
    await store.cursors.advance(consumer, first!.id, 7);
    expect([await cursorsOf(first!.id), await cursorsOf(second!.id)]).toEqual([[7], []]);
    await store.cursors.register(consumer, 'every-document');
    expect([await cursorsOf(first!.id), await cursorsOf(second!.id)]).toEqual([[7], [0]]);
    await store.cursors.unregister(consumer);
    expect([await cursorsOf(first!.id), await cursorsOf(second!.id)]).toEqual([[], []]);
    expect(await store.upkeep.readDropFacts(UNKNOWN_DOCUMENT)).toBeNull();
  });
}

function describeDropping(current: () => StoreUnderTest): void {
  it('[SNAP36] rows are removed up to the drop floor, whatever is asked, and the floor is the one that core decides', async () => {
    const store = current();
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = createRandom(seed);
    for (let round = 0; round < 30; round += 1) {
      const rows = 2 + random.below(8);
      const { id } = await newDocumentWithRows(store, rows);
      if (random.chance(0.8)) await snapshotAt(store, id, 1 + random.below(rows));
      if (random.chance(0.8)) await store.history.publish(id, inlineSegment(1, 1 + random.below(rows)), 1);
      const consumers = Array.from({ length: random.below(3) }, () => `consumer ${randomUUID()}`);
      for (const consumer of consumers) {
        await store.cursors.register(consumer, random.chance(0.5) ? 'every-document' : 'chosen-documents');
        if (random.chance(0.6)) await store.cursors.advance(consumer, id, random.below(rows + 1));
      }
      const facts = await store.upkeep.readDropFacts(id);
      const floor = dropFloor(facts!);
      const removed = await store.upkeep.removeRows(id, { upTo: rows, before: AT + 100, limit: 100 });
      const left = (await readTexts(store, id)).map(([seq]) => seq);
      expect([removed, left], `seed ${seed}, round ${round}`).toEqual([
        floor,
        Array.from({ length: rows - floor }, (_, index) => floor + index + 1),
      ]);
      for (const consumer of consumers) await store.cursors.unregister(consumer);
    }
  });

  it('[SNAP36] rows that are too young stay, and each call looks at so many rows at most', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 10);
    await snapshotAt(store, id, 9);
    await store.history.publish(id, inlineSegment(1, 9), 1);
    const remove = (range: { upTo: number; before: number; limit: number }) => store.upkeep.removeRows(id, range);
    expect(await remove({ upTo: 9, before: AT, limit: 100 })).toBe(0);
    expect(await remove({ upTo: 9, before: AT + 2, limit: 100 })).toBe(2);
    expect(await remove({ upTo: 9, before: AT + 100, limit: 3 })).toBe(3);
    expect(await remove({ upTo: 7, before: AT + 100, limit: 100 })).toBe(2);
    expect((await readTexts(store, id)).map(([seq]) => seq)).toEqual([8, 9, 10]);
    expect(await remove({ upTo: 99, before: AT + 100, limit: 100 })).toBe(2);
    expect(await remove({ upTo: 99, before: AT + 100, limit: 100 })).toBe(0);
    expect(await newWriter(store).append(entry(id, 'next'))).toEqual([{ kind: 'stored', seq: 11 }]);
  });
}

function describeBacklog(current: () => StoreUnderTest): void {
  it('[SNAP37] going over all documents finds each that has rows left, once, with how far it is', async () => {
    const store = current();
    const [busy, empty, gone] = [
      await newDocumentWithRows(store, 4),
      await newDocument(store),
      await newDocumentWithRows(store, 1),
    ];
    await snapshotAt(store, busy.id, 3);
    await store.history.publish(busy.id, inlineSegment(1, 2), 1);
    await store.upkeep.removeRows(busy.id, { upTo: 1, before: AT + 100, limit: 10 });
    await removeNow(store, gone);
    const entries = [];
    let pages = 0;
    for (let after: number | null = 0; after !== null; pages += 1) {
      const page = await store.upkeep.readBacklog(after, 3);
      entries.push(...page.entries);
      after = page.next;
    }
    expect(pages).toBeGreaterThan(1);
    expect(entries.filter(({ documentId }) => documentId === busy.id)).toEqual([
      {
        documentId: busy.id,
        head: 4,
        snapshotSeq: 3,
        archivedSeq: 2,
        oldestUnarchivedAt: AT + 2,
        oldestRowAt: AT + 1,
      },
    ]);
    expect(entries.filter(({ documentId }) => documentId === empty.id || documentId === gone.id)).toEqual([]);
  });
}

function describePurge(current: () => StoreUnderTest): void {
  it('[SNAP38] a deleted document is emptied in steps, its objects become garbage, its tombstone stays', async () => {
    const store = current();
    const { id, tenant, name } = await newDocumentWithRows(store, 5);
    const keys = [`purged/${id}/snapshot`, `purged/${id}/segment`];
    for (const key of keys) await store.register.register(id, key, AT);
    await store.history.publish(id, { ...inlineSegment(1, 2), place: { kind: 'object', key: keys[1]! } }, 1);
    const snapshot = { seq: 3, at: AT, sha256: 'ab', bytes: 1, place: { kind: 'object', key: keys[0]! } } as const;
    await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot });
    await store.cursors.advance('somebody', id, 2);
    const deletedBefore = async (time: number) => (await store.upkeep.listDeleted(time, 10_000)).includes(id);
    expect(await store.upkeep.purge(id, { limit: 100, at: AT })).toBe(false);
    expect(await readTexts(store, id)).toHaveLength(5);
    await removeNow(store, { tenant, name }, { stateVector: new Uint8Array([1, 9, 7]), at: AT + 10 });
    expect([await deletedBefore(AT + 10), await deletedBefore(AT + 11)]).toEqual([false, true]);
    expect(await store.upkeep.purge(id, { limit: 3, at: AT + 20 })).toBe(false);
    expect((await readTexts(store, id)).map(([seq]) => seq)).toEqual([4, 5]);
    expect(await store.upkeep.purge(id, { limit: 3, at: AT + 20 })).toBe(false);
    expect(await store.upkeep.purge(id, { limit: 3, at: AT + 20 })).toBe(true);
    expect(await deletedBefore(AT + 11)).toBe(false);
    expect(await store.snapshotIndex.list(id)).toEqual([]);
    expect(await store.history.list(id, 0, 10)).toEqual([]);
    expect(await takeAll(store, AT + 20, keys)).toEqual([]);
    expect((await takeAll(store, AT + 21, keys)).toSorted()).toEqual(keys.toSorted());
    expect(await store.catalog.resolve(tenant, name)).toEqual({ kind: 'deleted', deletedAt: AT + 10 });
  });
}
