import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { encodeLogRow } from '../../src/core/log-row.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { catchUp, receiveRelay } from '../../src/rooms/catch-up.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { repairDocument } from '../../src/workers/repair-document.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { forget, NOBODY, textOf, typeInto } from './document-typing.ts';

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('quarantine');
  node = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** Rows that the gate would never let in, as a bug or a hand in the database may leave them. */
const POISONS: Readonly<Record<string, Uint8Array>> = {
  'three structs without length, which Yjs takes once and never again': hex('0103050000000000000000'),
  'a length that Yjs cannot read': hex('0101050000ffffffffffffff7f00'),
  'an announced thirty million structs': hex('0180e7a70e050000'),
  'bytes that are no update': hex('ffffff'),
  'an empty update': hex(''),
  'a struct of an unknown kind': hex('01010500dd0100'),
};

let flushes = 0;

/** Appends a row as it is, past every gate. */
async function inject(record: DocumentRecord, payload: Uint8Array): Promise<void> {
  flushes += 1;
  const entry = { documentId: record.id, epoch: 1, payload, bindings: [] };
  const batch = { incarnation: 'hand', flush: flushes, at: Date.now(), retry: false, entries: [entry] };
  expect((await node.log.append(batch))[0]?.kind).toBe('stored');
  forget(node, record);
}

const injectUpdate = (record: DocumentRecord, update: Uint8Array): Promise<void> =>
  inject(record, encodeLogRow([{ actor: 'eve', updates: [update] }]));

function damageRow(seq: number): Promise<unknown> {
  return node.database
    .updateTable('log_rows')
    .set({ payload: new Uint8Array([1, 1, 1]) })
    .where('seq', '=', seq)
    .execute();
}

/** What several people write, in turns: one row each, of clients 1, 2, 3 … */
async function writeInTurns(record: DocumentRecord, texts: readonly string[]): Promise<void> {
  for (const [index, text] of texts.entries()) await typeInto(node, record, { texts: [text], client: index + 1 });
}

const repair = (record: DocumentRecord) => repairDocument(node, record.id);

describe('a document in which something stored is damaged', () => {
  it.each(Object.entries(POISONS))('[SNAP16] shows all but the poison: %s', async (_name, poison) => {
    const record = await node.create('a');
    await writeInTurns(record, ['one ', 'two ']);
    await injectUpdate(record, poison);
    expect(await textOf(node, record)).toBe('one two ');
    const { damaged, seq } = await node.documents.read(record);
    expect([damaged, seq]).toEqual([true, 3]);
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.quarantine?.damage).toEqual([{ fromSeq: 3, toSeq: 3, damage: 'unmergeable' }]);
    expect(room.position).toEqual({ epoch: 1, seq: 3 });
    expect(await textOf(node, record)).toBe('one two ');
    await inject(record, new Uint8Array([9, 9, 9]));
    const again = await node.rooms.open(record.id, NOBODY);
    expect(again.quarantine?.damage.map(({ damage }) => damage)).toEqual(['unmergeable', 'undecodable']);
  });

  it('[SNAP16] leaves out what hangs on the damaged row, and shows what stands beside it', async () => {
    const record = await node.create('a');
    const [ada, ben] = [new Y.Doc(), new Y.Doc()];
    [ada.clientID, ben.clientID] = [1, 2];
    const send = async (doc: Y.Doc, root: string, text: string): Promise<void> => {
      const before = Y.encodeStateVector(doc);
      doc.getText(root).insert(doc.getText(root).length, text);
      await injectUpdate(record, Y.encodeStateAsUpdate(doc, before));
    };
    await send(ada, 't', 'kept ');
    await send(ben, 'u', 'beside ');
    await send(ada, 't', 'lost ');
    await send(ben, 'u', 'it ');
    await send(ada, 't', 'hangs on it ');
    await damageRow(3);
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.quarantine?.damage).toEqual([
      { fromSeq: 3, toSeq: 3, damage: 'checksum' },
      { fromSeq: 5, toSeq: 5, damage: 'unmergeable' },
    ]);
    const shown = new Y.Doc();
    Y.applyUpdate(shown, room.committed.merged());
    expect([shown.getText('t').toJSON(), shown.getText('u').toJSON()]).toEqual(['kept ', 'beside it ']);
    expect(shown.store.pendingStructs).toBeNull();
  });

  it('[SNAP16] takes no edits', async () => {
    const record = await node.create('a');
    await writeInTurns(record, ['one ']);
    await injectUpdate(record, hex('ffffff'));
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    room.attach(session);
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'more');
    const receipt = receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' });
    expect(receipt).toMatchObject({ kind: 'refused', code: 'document-quarantined' });
    expect(await node.log.readHeads([record.id])).toMatchObject([{ head: 2 }]);
  });

  it('[SNAP16] stays as it was opened while other nodes go on writing', async () => {
    const record = await node.create('a');
    await writeInTurns(record, ['one ']);
    await injectUpdate(record, hex('ffffff'));
    const room = await node.rooms.open(record.id, NOBODY);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.committed.merged());
    const before = Y.encodeStateVector(doc);
    doc.getText('t').insert(4, 'two ');
    const payload = encodeLogRow([{ actor: 'ben', updates: [Y.encodeStateAsUpdate(doc, before)] }]);
    const entries = [{ documentId: record.id, epoch: 1, payload, bindings: [] }];
    await node.log.append({ incarnation: 'other node', flush: 1, at: 0, retry: false, entries });
    receiveRelay(node, room, { node: 'other', documentId: record.id, epoch: 1, seq: 3, payload });
    await catchUp(node, room);
    expect([room.discarded, room.position.seq]).toEqual([false, 2]);
    forget(node, record);
    expect(await textOf(node, record)).toBe('one two ');
  });

  it('[SNAP16] what comes in another order than it was written is no damage', async () => {
    const record = await node.create('a');
    const doc = new Y.Doc();
    doc.clientID = 1;
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    for (const text of ['one ', 'two ', 'three']) doc.getText('t').insert(doc.getText('t').length, text);
    for (const update of [updates[2]!, updates[0]!, updates[1]!]) await injectUpdate(record, update);
    expect(await node.documents.read(record)).toMatchObject({ damaged: false });
    expect(await textOf(node, record)).toBe('one two three');
    expect((await node.rooms.open(record.id, NOBODY)).quarantine).toBeNull();
  });

  it('[SNAP18] is never folded, archived past the damage or dropped', async () => {
    const record = await node.create('a');
    await writeInTurns(record, ['one ', 'two ']);
    await node.compactor.compact(record.id);
    await writeInTurns(record, ['three ']);
    await injectUpdate(record, hex('0103050000000000000000'));
    expect(await node.compactor.compact(record.id)).toBe(false);
    await damageRow(3);
    expect(await node.compactor.compact(record.id)).toBe(false);
    await node.archiver.archive(record.id, true);
    const other = await node.create('b');
    await writeInTurns(other, ['one ', 'two ', 'three ']);
    await node.database
      .updateTable('log_rows')
      .set({ sum: new Uint8Array(16) })
      .where('seq', '=', 3)
      .execute();
    expect(await node.compactor.compact(other.id)).toBe(false);
    expect(await node.history.readProgress(other.id)).toMatchObject({ snapshotSeq: 0 });
    expect(await node.history.readProgress(record.id)).toMatchObject({ head: 4, snapshotSeq: 2, archivedSeq: 2 });
  });

  it('[SNAP18] can be deleted, and what was left out cannot come back either', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['one '], client: 1 });
    await typeInto(node, record, { texts: ['lost ', 'hangs on it '], client: 2 });
    await damageRow(2);
    forget(node, record);
    let vector: Uint8Array = new Uint8Array();
    await node.documents.retire(record, 'deleted', async (last) => {
      vector = last.stateVector;
      await node.catalog.remove(record.tenant, record.name, last, { user: 'grace', at: Date.now() });
      return { kind: 'done', result: null };
    });
    expect(Object.fromEntries(Y.decodeStateVector(vector))).toEqual({ 1: 4, 2: 17 });
    expect((await node.catalog.resolve(record.tenant, record.name)).kind).toBe('deleted');
  });
});

describe('repair', () => {
  it('[SNAP19] a damaged row is set aside and kept, and the document can be written again at a new epoch', async () => {
    const record = await node.create('a');
    await writeInTurns(record, ['one ', 'two ']);
    await injectUpdate(record, hex('ffffff'));
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    room.attach(session);
    expect(await repair(record)).toEqual({ kind: 'repaired', rows: [3], epoch: 2 });
    expect(await node.quarantine.list(record.id)).toMatchObject([{ seq: 3, damage: 'unmergeable' }]);
    forget(node, record);
    await typeInto(node, record, { texts: ['three'], client: 9 });
    expect(await textOf(node, record)).toBe('one two three');
    expect(await node.documents.read(record)).toMatchObject({ epoch: 2, seq: 4, damaged: false });
    expect(await node.compactor.compact(record.id)).toBe(true);
    expect(await repair(record)).toEqual({ kind: 'sound' });
  });

  it('[SNAP19] what hangs on a damaged row goes with it, and an editor that still has it brings it back', async () => {
    const record = await node.create('a');
    const doc = new Y.Doc();
    doc.clientID = 1;
    for (const text of ['one ', 'two ', 'three ']) {
      const before = Y.encodeStateVector(doc);
      doc.getText('t').insert(doc.getText('t').length, text);
      await injectUpdate(record, Y.encodeStateAsUpdate(doc, before));
    }
    await damageRow(2);
    expect(await repair(record)).toEqual({ kind: 'repaired', rows: [2, 3], epoch: 2 });
    expect((await node.quarantine.list(record.id)).map(({ seq, damage }) => [seq, damage])).toEqual([
      [2, 'checksum'],
      [3, 'unmergeable'],
    ]);
    expect(await textOf(node, record)).toBe('one ');
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.quarantine).toBeNull();
    const session = createTestSession('ada');
    room.attach(session);
    const brought = Y.encodeStateAsUpdate(doc, room.state.stateVector());
    expect(receiveUpdate(room, session, { bytes: brought, via: 'step2' }).kind).toBe('accepted');
    await room.whenDurable();
    forget(node, record);
    expect(await textOf(node, record)).toBe('one two three ');
  });

  it('[SNAP19] of a row of several people only what is damaged goes', async () => {
    const record = await node.create('a');
    const [ada, ben] = [new Y.Doc(), new Y.Doc()];
    [ada.clientID, ben.clientID] = [1, 2];
    ada.getText('t').insert(0, 'kept');
    ben.getText('u').insert(0, 'too');
    const updates = [Y.encodeStateAsUpdate(ada), hex('ffffff')];
    const row = [
      { actor: 'ada', updates },
      { actor: 'ben', updates: [Y.encodeStateAsUpdate(ben)] },
    ];
    await inject(record, encodeLogRow(row));
    expect(await repair(record)).toEqual({ kind: 'repaired', rows: [1], epoch: 2 });
    const { state, damaged } = await node.documents.read(record);
    const shown = new Y.Doc();
    Y.applyUpdate(shown, state);
    expect([damaged, shown.getText('t').toJSON(), shown.getText('u').toJSON()]).toEqual([false, 'kept', 'too']);
  });

  it('[SNAP19] a missing row is replaced, and rows that only a damaged segment held by a snapshot', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['one '], client: 1 });
    await node.compactor.compact(record.id);
    await typeInto(node, record, { texts: ['two '], client: 2 });
    await node.compactor.compact(record.id);
    await node.archiver.archive(record.id, true);
    await node.upkeep.removeRows(record.id, { upTo: 9, before: Date.now() + 1_000, limit: 9 });
    await typeInto(node, record, { texts: ['three '], client: 3 });
    await typeInto(node, record, { texts: ['four '], client: 4 });
    // All snapshots, the only segment and a row: more than ever goes at once.
    await node.database.deleteFrom('snapshots').execute();
    await node.database.updateTable('history_segments').set({ sha256: 'ab' }).execute();
    await node.database.deleteFrom('log_rows').where('seq', '=', 4).execute();
    forget(node, record);
    expect(await node.documents.read(record)).toMatchObject({ damaged: true });
    const outcome = await repair(record);
    expect(outcome).toMatchObject({ kind: 'repaired', epoch: 2 });
    expect(await node.documents.read(record)).toMatchObject({ damaged: false, epoch: 2, seq: 4 });
    await typeInto(node, record, { texts: ['five'], client: 5 });
    expect(await textOf(node, record)).toBe('five');
  });

  it('[SNAP19] a repair that finds the document changed meanwhile does nothing', async () => {
    const record = await node.create('a');
    await injectUpdate(record, hex('ffffff'));
    const { setAside } = node.quarantine;
    const racing: DocumentNode['quarantine'] = {
      ...node.quarantine,
      setAside: async (id, what) => {
        await node.database.updateTable('document_heads').set({ epoch: 5 }).execute();
        return setAside(id, what);
      },
    };
    await expect(repairDocument({ ...node, quarantine: racing }, record.id)).rejects.toMatchObject({
      code: 'document-quarantined',
    });
    expect(await node.quarantine.list(record.id)).toEqual([]);
  });
});
