import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentId } from '../../src/ports/update-log.ts';
import { type AuthoredStore, change, inlineSnapshot, newDocumentOf, replacing } from './authored-documents.ts';
import { describeSealing, describeSegments } from './authorship-changes.contract.ts';
import { AT, bytes, entry, readTexts, removeNow, UNKNOWN_DOCUMENT } from './store-under-test.ts';

/** What every store of who wrote what must do. */
export function describeAuthorshipStore(adapter: string, open: () => Promise<AuthoredStore>): void {
  describe(`authorship store: ${adapter}`, () => {
    let store: AuthoredStore;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeFinding(() => store);
    describeReplacing(() => store);
    describeSegments(() => store);
    describeSealing(() => store);
  });
}

async function tailOf(store: AuthoredStore, id: DocumentId): Promise<readonly number[]> {
  const head = store.database.selectFrom('document_heads').select(['tail_bytes', 'snapshot_seq']);
  const { tail_bytes, snapshot_seq } = await head.where('document_id', '=', id).executeTakeFirstOrThrow();
  const rows = await store.log.readRows(id, snapshot_seq, 1_000);
  return [tail_bytes, rows.reduce((sum, { payload }) => sum + payload.byteLength, 0)];
}

const sumOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16);

function describeFinding(get: () => AuthoredStore): void {
  it('[HOOK243] rows that hold bytes are found, a few of those looked at and a few of those found at a time', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['ada', 'bob', 'x ada', 'adam', 'eve', 'a\0ada\xff', 'bob']);
    const find = async (after: number, span: number, limit: number) => {
      const found = await store.authorship.findRows(id, { bytes: bytes('ada'), after, span, limit });
      return [found.rows.map(({ seq }) => seq), found.upTo];
    };
    expect(await find(0, 100, 100)).toEqual([[1, 3, 4, 6], 7]);
    expect(await find(0, 2, 100)).toEqual([[1], 2]);
    expect(await find(0, 100, 2)).toEqual([[1, 3], 3]);
    expect(await find(4, 1, 100)).toEqual([[], 5]);
    expect(await find(6, 100, 100)).toEqual([[], 7]);
    expect(await find(7, 100, 100)).toEqual([[], null]);
    const [row] = (await store.authorship.findRows(id, { bytes: bytes('bob'), after: 0, span: 9, limit: 1 })).rows;
    expect(row).toEqual((await store.log.readRows(id, 1, 1))[0]);
  });

  it('[HOOK243] a document is told as it stands, with the clientIDs that a user has in it', async () => {
    const store = get();
    const { id, tenant, name, writer } = await newDocumentOf(store, ['one']);
    const bindings = [1, 2, 3].map((client) => ({ client, user: client === 2 ? 'bob' : 'ada' }));
    await writer.append(entry(id, 'two', { bindings }));
    const standing = { epoch: 1, head: 2, isLive: true, bindings: 2 };
    expect(await store.authorship.readStanding(id, 'ada')).toEqual(standing);
    expect(await store.authorship.readStanding(id, 'eve')).toEqual({ ...standing, bindings: 0 });
    expect(await store.authorship.readStanding(UNKNOWN_DOCUMENT, 'ada')).toBeNull();
    await removeNow(store, { tenant, name });
    expect(await store.authorship.readStanding(id, 'ada')).toEqual({
      ...standing,
      epoch: await store.damage.readEpoch(id),
      isLive: false,
    });
  });

  it('[HOOK243] clientIDs are bound to another user a few at a time, those of others stay', async () => {
    const store = get();
    const { id, writer } = await newDocumentOf(store, []);
    const bindings = [1, 2, 3, 4].map((client) => ({ client, user: client === 2 ? 'bob' : 'ada' }));
    await writer.append(entry(id, 'one', { bindings }));
    const rebind = () => store.authorship.rebind(id, { from: 'ada', to: 'erased', limit: 2 });
    expect([await rebind(), await rebind(), await rebind()]).toEqual([2, 1, 0]);
    const users = (await store.log.readBindings(id)).toSorted((one, other) => one.client - other.client);
    expect(users.map(({ user }) => user)).toEqual(['erased', 'bob', 'erased', 'erased']);
  });

  it('[HOOK243] rows that were set aside are found and replaced', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['ada 1', 'bob 2', 'ada 3']);
    const rows = [1, 2, 3].map((seq) => ({ seq, damage: 'checksum', replacement: bytes('') }) as const);
    await store.quarantine.setAside(id, { epoch: 1, at: AT, rows });
    const find = (after: number, limit: number) =>
      store.authorship.findSetAside(id, { bytes: bytes('ada'), after, limit });
    const [first] = await find(0, 1);
    const [second] = await find(first?.id ?? 0, 9);
    expect([first, second].map((row) => Buffer.from(row?.payload ?? []).toString())).toEqual(['ada 1', 'ada 3']);
    await store.authorship.replaceSetAside(id, [{ id: second?.id ?? 0, payload: bytes('new 3') }]);
    const kept = (await store.quarantine.list(id)).map(({ payload }) => Buffer.from(payload ?? []).toString());
    expect(kept).toEqual(['ada 1', 'bob 2', 'new 3']);
  });
}

function describeReplacing(get: () => AuthoredStore): void {
  it('[HOOK243] rows that are replaced keep their numbers and times, and get a checksum of their own', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['one', 'two', 'three']);
    const before = await store.database.selectFrom('log_rows').selectAll().where('document_id', '=', id).execute();
    const rows = await replacing(store, id, { 1: 'first', 3: 'third' });
    expect(await store.authorship.replace(id, change({ rows }))).toBe(true);
    const after = await store.database.selectFrom('log_rows').selectAll().where('document_id', '=', id).execute();
    const plain = (row: (typeof after)[number]) => ({
      ...row,
      payload: new Uint8Array(row.payload),
      sum: new Uint8Array(row.sum),
    });
    const bySeq = (one: { seq: number }, other: { seq: number }) => one.seq - other.seq;
    const texts = ['first', 'two', 'third'];
    // On PostgreSQL the day is among the columns: a row stays in its partition.
    expect(after.toSorted(bySeq).map(plain)).toEqual(
      before.toSorted(bySeq).map((row, index) => {
        const text = texts[index] ?? '';
        return { ...row, payload: bytes(text), sum: new Uint8Array(sumOf(text)) };
      }),
    );
  });

  it('[HOOK242] a row that was damaged keeps its checksum, and stays damaged', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['one']);
    const [row] = await replacing(store, id, { 1: 'other' });
    expect(await store.authorship.replace(id, change({ rows: [{ ...row!, isIntact: false }] }))).toBe(true);
    const [now] = await store.log.readRows(id, 0, 1);
    expect([Buffer.from(now!.payload).toString(), Buffer.from(now!.sum)]).toEqual(['other', sumOf('one')]);
  });

  it('[HOOK243] the bytes of a tail stay counted, whatever lies below the snapshot', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['one', 'two', 'three', 'four']);
    const snapshot = inlineSnapshot(2);
    expect(await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot })).toBe(true);
    expect(await tailOf(store, id)).toEqual([9, 9]);
    const rows = await replacing(store, id, { 1: 'much longer than before', 2: '', 3: 'a longer one', 4: '4' });
    expect(await store.authorship.replace(id, change({ rows }))).toBe(true);
    expect(await tailOf(store, id)).toEqual([13, 13]);
  });

  it('[HOOK243] a row that changed meanwhile is passed over, and counts nothing', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['one', 'two']);
    const rows = await replacing(store, id, { 1: 'first time', 2: 'second' });
    expect(await store.authorship.replace(id, change({ rows: rows.slice(0, 1) }))).toBe(true);
    expect(await store.authorship.replace(id, change({ rows }))).toBe(true);
    expect(await readTexts(store, id)).toEqual([
      [1, 'first time'],
      [2, 'second'],
    ]);
    expect(await tailOf(store, id)).toEqual([16, 16]);
  });

  it('[HOOK243] at another epoch nothing is done', async () => {
    const store = get();
    const { id } = await newDocumentOf(store, ['one']);
    const rows = await replacing(store, id, { 1: 'other' });
    expect(await store.authorship.replace(id, change({ rows, epoch: 2 }))).toBe(false);
    expect(await store.authorship.replace(UNKNOWN_DOCUMENT, change({ rows }))).toBe(false);
    expect(await readTexts(store, id)).toEqual([[1, 'one']]);
  });

  it('[HOOK243] changes and appends at once lose nothing, and count right', async () => {
    const store = get();
    const { id, writer } = await newDocumentOf(store, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    const changed = Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const rows = await replacing(store, id, { [index + 1]: 'x'.repeat(20 + index) });
        expect(await store.authorship.replace(id, change({ rows }))).toBe(true);
      }),
    );
    let stored = 0;
    for (let index = 0; index < 20; index += 1) {
      const [result] = await writer.append(entry(id, 'appended'));
      if (result?.kind === 'stored') stored += 1;
      else expect(result).toEqual({ kind: 'busy' });
    }
    await changed;
    const rows = await store.log.readRows(id, 0, 100);
    expect(rows).toHaveLength(10 + stored);
    const [counted, real] = await tailOf(store, id);
    expect(counted).toBe(real);
  });
}
