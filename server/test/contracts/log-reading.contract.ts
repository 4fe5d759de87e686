import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { LogRow } from '../../src/ports/update-log.ts';
import {
  AT,
  bytes,
  entry,
  newDocument,
  newDocumentWithRows,
  newDocuments,
  newWriter,
  readTexts,
  removeNow,
  type StoreUnderTest,
  UNKNOWN_DOCUMENT,
} from './store-under-test.ts';

/** The update log's reads of rows, bindings, heads and what a load starts from. */
export function describeLogReading(current: () => StoreUnderTest): void {
  it('[LOG29] the first binding of a client wins, and holds for one document', async () => {
    const store = current();
    const [first, second] = await newDocuments(store, 2);
    const largest = 2 ** 32 - 1;
    const writer = newWriter(store);
    const bind = (documentId: number, user: string) =>
      entry(documentId, 'x', { bindings: [{ client: largest, user }] });
    await writer.append(bind(first!.id, 'ada'), bind(second!.id, 'lin'));
    await writer.append(bind(first!.id, 'mallory'));
    expect(await store.log.readBindings(first!.id)).toEqual([{ client: largest, user: 'ada' }]);
    expect(await store.log.readBindings(second!.id)).toEqual([{ client: largest, user: 'lin' }]);
  });

  it('[LOG30] rows are read in pages, with their time and the first 16 bytes of the SHA-256', async () => {
    const store = current();
    const document = await newDocument(store);
    const writer = newWriter(store);
    for (let index = 1; index <= 7; index += 1) {
      await store.log.append(writer.batch([entry(document.id, `row ${index}`)], { at: AT + index }));
    }
    const pages = [];
    for (let after = 0; after < 7; after += 3) pages.push(await store.log.readRows(document.id, after, 3));
    expect(pages.map((page) => page.map((row) => row.seq))).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(await store.log.readRows(document.id, 7, 3)).toEqual([]);
    const row = pages[1]![0]!;
    expect(row.at).toBe(AT + 4);
    expect(Buffer.compare(row.sum, createHash('sha256').update(bytes('row 4')).digest().subarray(0, 16))).toBe(0);
  });

  it('[LOG30] a page reads the same whatever is in it: empty rows, small ones, and more than a few megabytes', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    const texts = ['first', '', 'a'.repeat(5_000_000), 'third', 'b'.repeat(5_000_000), '', 'last'];
    for (const text of texts) await writer.append(entry(id, text));
    const read = async (after: number, limit: number) => digest(await store.log.readRows(id, after, limit));
    const whole = await read(0, 100);
    expect(whole).toEqual(
      texts.map((text, index) => [index + 1, AT, sha256(bytes(text)).subarray(0, 16), sha256(bytes(text))]),
    );
    expect(await read(3, 40)).toEqual(whole.slice(3));
    expect((await Promise.all(texts.map((_, index) => read(index, 1)))).flat()).toEqual(whole);
    // The same rows as what a load starts with, as far as those go.
    const start = digest((await store.log.readLoadStart(id))?.rows ?? []);
    expect(start).toEqual(whole.slice(0, start.length));
    expect(start.length).toBeGreaterThan(1);
  });

  it('[LOG30] the caller may use the buffer of a payload again at once', async () => {
    const store = current();
    const document = await newDocument(store);
    const payload = bytes('before');
    const pending = newWriter(store).append({ ...entry(document.id, ''), payload });
    payload.fill(0);
    await pending;
    expect(await readTexts(store, document.id)).toEqual([[1, 'before']]);
  });

  it('[LOG31] heads are told of live documents only, of any number at once', async () => {
    const store = current();
    const [live, deleted] = await newDocuments(store, 2);
    await removeNow(store, deleted!);
    const others = Array.from({ length: 1_200 }, (_, index) => UNKNOWN_DOCUMENT + index);
    expect(await store.log.readHeads([...others, deleted!.id, live!.id])).toEqual([
      { documentId: live!.id, epoch: 1, head: 0 },
    ]);
    expect(await store.log.readHeads([])).toEqual([]);
  });

  it('[LOG32] a load starts from head, epoch and the bytes of the tail; an unknown or deleted document has none', async () => {
    const store = current();
    const [live, deleted] = await newDocuments(store, 2);
    await newWriter(store).append(entry(live!.id, '12345'));
    await newWriter(store).append(entry(live!.id, '123'));
    await removeNow(store, deleted!);
    expect(await store.log.readLoadStart(live!.id)).toMatchObject({
      epoch: 1,
      head: 2,
      archivedSeq: 0,
      tailBytes: 8,
      snapshot: null,
    });
    expect(await store.log.readLoadStart(deleted!.id)).toBeNull();
    expect(await store.log.readLoadStart(UNKNOWN_DOCUMENT)).toBeNull();
  });

  it('[LOG37] a load starts with the first rows above the newest snapshot, in order, in the same read', async () => {
    const store = current();
    const { id } = await newDocumentWithRows(store, 5);
    await newDocumentWithRows(store, 3);
    const all = await store.log.readRows(id, 0, 10);
    expect((await store.log.readLoadStart(id))?.rows).toEqual(all);
    const content = bytes('the state');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const snapshot = { seq: 3, at: AT, sha256, bytes: content.length, place: { kind: 'inline', content } } as const;
    await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot });
    const start = await store.log.readLoadStart(id);
    expect(start?.rows).toEqual(all.slice(3));
    expect(start?.snapshot).toMatchObject({ seq: 3, at: AT, sha256, bytes: content.length });
    expect(start?.snapshot?.place.kind === 'inline' && Buffer.from(start.snapshot.place.content).toString()).toBe(
      'the state',
    );
  });

  it('[LOG37] of a long tail the first rows come without a gap, and the others can be read behind them', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    for (let index = 0; index < 1_203; index += 1) await writer.append(entry(id, `${index}`));
    const first = (await store.log.readLoadStart(id))?.rows ?? [];
    expect(first.map(({ seq }) => seq)).toEqual(Array.from(first, (_, index) => index + 1));
    expect(first.length).toBeGreaterThan(100);
    const rest = await store.log.readRows(id, first.length, 2_000);
    expect(first.length + rest.length).toBe(1_203);
  });
}

function sha256(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

/** Rows with a digest in place of the payload: to compare megabytes byte by byte takes seconds. */
function digest(rows: readonly LogRow[]): readonly unknown[] {
  return rows.map(({ seq, at, sum, payload }) => [seq, at, Buffer.from(sum), sha256(payload)]);
}
