import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLogReading } from './log-reading.contract.ts';
import {
  appendWhileBusy,
  entry,
  newDocument,
  newDocuments,
  newWriter,
  type OpenStore,
  readTexts,
  removeNow,
  type StoreUnderTest,
  UNKNOWN_DOCUMENT,
} from './store-under-test.ts';

/** What every update log must do; the suites on snapshot pointers and bindings belong to it. */
export function describeUpdateLog(adapter: string, open: OpenStore): void {
  describe(`update log: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await open();
    };
    describeSequence(() => store, reopen);
    describeRetries(() => store);
    describeRefusals(() => store);
    describeLogReading(() => store);
  });
}

function describeSequence(current: () => StoreUnderTest, reopen: () => Promise<void>): void {
  it('[LOG22] each append raises the head by one, and the rows are there in order', async () => {
    const store = current();
    const [first, second] = await newDocuments(store, 2);
    const writer = newWriter(store);
    const results = [
      await writer.append(entry(first!.id, 'a1'), entry(second!.id, 'b1')),
      await writer.append(entry(second!.id, 'b2')),
      await writer.append(entry(second!.id, 'b3'), entry(first!.id, 'a2')),
    ];
    expect(
      results.map((batch) => batch.map((result) => (result.kind === 'stored' ? result.seq : result.kind))),
    ).toEqual([[1, 1], [2], [3, 2]]);
    expect(await readTexts(store, first!.id)).toEqual([
      [1, 'a1'],
      [2, 'a2'],
    ]);
    expect(await readTexts(store, second!.id)).toEqual([
      [1, 'b1'],
      [2, 'b2'],
      [3, 'b3'],
    ]);
    expect(new Set(await store.log.readHeads([first!.id, second!.id]))).toEqual(
      new Set([
        { documentId: first!.id, epoch: 1, head: 2 },
        { documentId: second!.id, epoch: 1, head: 3 },
      ]),
    );
  });

  it('[LOG23] concurrent batches of several writers over the same documents leave no gap and lose no row', async () => {
    const store = current();
    const documents = await newDocuments(store, 5);
    const writers = Array.from({ length: 4 }, () => newWriter(store));
    const batches = Array.from({ length: 80 }, (_, round) =>
      // Each batch leaves one document out, and names the others in another order.
      appendWhileBusy(
        writers[round % 4]!,
        documents
          .filter((_document, index) => index !== round % 5)
          .toSorted(() => (round % 2 === 0 ? 1 : -1))
          .map((document) => entry(document.id, `${round}`)),
      ),
    );
    const results = (await Promise.all(batches)).flat();
    expect(results.every((result) => result.kind === 'stored')).toBe(true);
    for (const [index, document] of documents.entries()) {
      const texts = await readTexts(store, document.id);
      expect(texts.map(([seq]) => seq)).toEqual(Array.from({ length: 64 }, (_, seq) => seq + 1));
      const expected = Array.from({ length: 80 }, (_, round) => round).filter((round) => index !== round % 5);
      expect(texts.map(([, text]) => Number(text)).toSorted((a, b) => a - b)).toEqual(expected);
    }
  });

  it('[LOG33] what was stored is there after the store was closed and opened again, and goes on from there', async () => {
    const document = await newDocument(current());
    await newWriter(current()).append(entry(document.id, 'kept', { bindings: [{ client: 7, user: 'ada' }] }));
    await reopen();
    expect(await readTexts(current(), document.id)).toEqual([[1, 'kept']]);
    expect(await current().log.readBindings(document.id)).toEqual([{ client: 7, user: 'ada' }]);
    expect(await newWriter(current()).append(entry(document.id, 'next'))).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  it('[LOG22] a payload of several megabytes is one row', async () => {
    const store = current();
    const document = await newDocument(store);
    const payload = new Uint8Array(5_000_000).map((_, index) => index % 251);
    await newWriter(store).append({ ...entry(document.id, ''), payload });
    const [row] = await store.log.readRows(document.id, 0, 1);
    expect(Buffer.compare(row!.payload, payload)).toBe(0);
  });
}

function describeRetries(current: () => StoreUnderTest): void {
  it('[LOG24] a flush that is tried again stores nothing twice and answers with the first sequence number', async () => {
    const store = current();
    const [first, second] = await newDocuments(store, 2);
    const writer = newWriter(store);
    const batch = writer.batch([entry(first!.id, 'a'), entry(second!.id, 'b')]);
    await store.log.append(batch);
    await newWriter(store).append(entry(first!.id, 'from another writer'));
    expect(await store.log.append({ ...batch, retry: true })).toEqual([
      { kind: 'stored', seq: 1 },
      { kind: 'stored', seq: 1 },
    ]);
    expect(await readTexts(store, first!.id)).toEqual([
      [1, 'a'],
      [2, 'from another writer'],
    ]);
    expect(await readTexts(store, second!.id)).toEqual([[1, 'b']]);
  });

  it('[LOG24] a flush of which a part was stored is completed by the next try', async () => {
    const store = current();
    const [first, second] = await newDocuments(store, 2);
    const writer = newWriter(store);
    await writer.append(entry(first!.id, 'earlier'), entry(second!.id, 'earlier'));
    const batch = writer.batch([entry(first!.id, 'a'), entry(second!.id, 'b')]);
    await store.log.append({ ...batch, entries: batch.entries.slice(0, 1) });
    expect(await store.log.append({ ...batch, retry: true })).toEqual([
      { kind: 'stored', seq: 2 },
      { kind: 'stored', seq: 2 },
    ]);
    expect(await readTexts(store, first!.id)).toEqual([
      [1, 'earlier'],
      [2, 'a'],
    ]);
    expect(await readTexts(store, second!.id)).toEqual([
      [1, 'earlier'],
      [2, 'b'],
    ]);
  });

  it('[LOG24] a retry of a flush that was never stored stores it, whatever other writers numbered theirs', async () => {
    const store = current();
    const document = await newDocument(store);
    await newWriter(store).append(entry(document.id, 'first flush of another writer'));
    const batch = newWriter(store).batch([entry(document.id, 'mine')], { retry: true });
    expect(await store.log.append(batch)).toEqual([{ kind: 'stored', seq: 2 }]);
  });

  it('[LOG24] a retry finds its row even after the epoch was raised', async () => {
    const store = current();
    const document = await newDocument(store);
    const batch = newWriter(store).batch([entry(document.id, 'a')]);
    await store.log.append(batch);
    await store.damage.setEpoch(document.id, 2);
    expect(await store.log.append({ ...batch, retry: true })).toEqual([{ kind: 'stored', seq: 1 }]);
  });
}

function describeRefusals(current: () => StoreUnderTest): void {
  it('[LOG25] an entry of another epoch stores nothing and does not hold up the others', async () => {
    const store = current();
    const [stale, early, good] = await newDocuments(store, 3);
    await store.damage.setEpoch(stale!.id, 3);
    const results = await newWriter(store).append(
      entry(stale!.id, 'x', { bindings: [{ client: 1, user: 'ada' }] }),
      entry(early!.id, 'x', { epoch: 2 }),
      entry(good!.id, 'kept'),
    );
    expect(results).toEqual([{ kind: 'fenced' }, { kind: 'fenced' }, { kind: 'stored', seq: 1 }]);
    expect(await readTexts(store, stale!.id)).toEqual([]);
    expect(await store.log.readBindings(stale!.id)).toEqual([]);
    expect(await readTexts(store, good!.id)).toEqual([[1, 'kept']]);
  });

  it('[REST80] an entry that names the head it follows is stored behind that one and no other', async () => {
    const store = current();
    const [moved, good] = await newDocuments(store, 2);
    await newWriter(store).append(entry(moved!.id, 'one'));
    const batch = [
      entry(moved!.id, 'two', { follows: 0, bindings: [{ client: 1, user: 'ada' }] }),
      entry(good!.id, 'one', { follows: 0, bindings: [{ client: 1, user: 'ada' }] }),
    ];
    const writer = newWriter(store);
    expect(await writer.append(...batch)).toEqual([{ kind: 'moved' }, { kind: 'stored', seq: 1 }]);
    // Tried again because nobody knew the outcome, it is the row that it was, and no second one.
    expect(await store.log.append(writer.batch(batch, { flush: 1, retry: true }))).toEqual([
      { kind: 'moved' },
      { kind: 'stored', seq: 1 },
    ]);
    expect(await readTexts(store, moved!.id)).toEqual([[1, 'one']]);
    expect(await store.log.readBindings(moved!.id)).toEqual([]);
    expect(await store.log.readBindings(good!.id)).toEqual([{ client: 1, user: 'ada' }]);
  });

  it('[REST81] of many that follow one head, one is stored', async () => {
    const store = current();
    const document = await newDocument(store);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, round) =>
        appendWhileBusy(newWriter(store), [entry(document.id, `${round}`, { follows: 0 })]),
      ),
    );
    expect(results.flat().filter(({ kind }) => kind === 'stored')).toHaveLength(1);
    expect(await readTexts(store, document.id)).toHaveLength(1);
  });

  it('[LOG26] a deleted or unknown document stores nothing', async () => {
    const store = current();
    const document = await newDocument(store);
    await newWriter(store).append(entry(document.id, 'before'));
    await removeNow(store, document);
    expect(
      await newWriter(store).append(
        entry(document.id, 'after'),
        entry(document.id, 'after, at the raised epoch', { epoch: 2 }),
        entry(UNKNOWN_DOCUMENT, 'nowhere'),
        entry(UNKNOWN_DOCUMENT + 1, '', { payload: null, bindings: [{ client: 1, user: 'ada' }] }),
      ),
    ).toEqual(Array.from({ length: 4 }, () => ({ kind: 'deleted' })));
    expect(await readTexts(store, document.id)).toEqual([[1, 'before']]);
    expect(await store.log.readBindings(UNKNOWN_DOCUMENT + 1)).toEqual([]);
  });

  it('[LOG27] an entry that the store cannot take is refused alone, and leaves its document as it was', async () => {
    const store = current();
    const documents = await newDocuments(store, 5);
    const damaged = documents[2]!;
    const writer = newWriter(store);
    await writer.append(...documents.map((document) => entry(document.id, 'first')));
    await store.damage.addRowAboveHead(damaged.id);
    const results = await writer.append(
      ...documents.map((document) => entry(document.id, 'second', { bindings: [{ client: 5, user: 'ada' }] })),
    );
    expect(results.map((result) => result.kind)).toEqual(['stored', 'stored', 'refused', 'stored', 'stored']);
    expect(await store.log.readHeads([damaged.id])).toEqual([{ documentId: damaged.id, epoch: 1, head: 1 }]);
    expect(await store.log.readBindings(damaged.id)).toEqual([]);
    for (const document of documents.filter(({ id }) => id !== damaged.id)) {
      expect(await readTexts(store, document.id)).toEqual([
        [1, 'first'],
        [2, 'second'],
      ]);
      expect(await store.log.readBindings(document.id)).toEqual([{ client: 5, user: 'ada' }]);
    }
  });

  it('[LOG28] an entry without payload binds clients, stores no row and answers with the head', async () => {
    const store = current();
    const document = await newDocument(store);
    const writer = newWriter(store);
    const bindOnly = (client: number) => entry(document.id, '', { payload: null, bindings: [{ client, user: 'ada' }] });
    expect(await writer.append(bindOnly(1))).toEqual([{ kind: 'stored', seq: 0 }]);
    await writer.append(entry(document.id, 'row'));
    expect(await writer.append(bindOnly(2))).toEqual([{ kind: 'stored', seq: 1 }]);
    expect(await writer.append({ ...bindOnly(3), epoch: 2 })).toEqual([{ kind: 'fenced' }]);
    expect(await readTexts(store, document.id)).toEqual([[1, 'row']]);
    const clients = (await store.log.readBindings(document.id)).map(({ client }) => client);
    expect(new Set(clients)).toEqual(new Set([1, 2]));
  });
}
