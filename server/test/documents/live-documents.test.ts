import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { decodeLogRow, encodeLogRow } from '../../src/core/log-row.ts';
import { updatesOf } from '../../src/core/pending-row.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { BY } from '../contracts/store-under-test.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { NOBODY, textOf as readText, typeInto as typeTexts } from './document-typing.ts';

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('documents');
  node = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

const typeInto = (record: DocumentRecord, texts: readonly string[], client = 1): Promise<void> =>
  typeTexts(node, record, { texts, client });
const textOf = (record: DocumentRecord): Promise<string> => readText(node, record);

async function reopen(wrap: Parameters<typeof openDocumentNode>[1] = {}): Promise<void> {
  await node.close();
  node = await openDocumentNode(directory.path, wrap);
}

function snapshotFiles(): string[] {
  const root = join(directory.path, 'snapshots');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name));
  return files.filter((path) => statSync(path).isFile()).toSorted();
}

describe('documents on real stores', () => {
  it('[ROOM17] however many open a document at once, it is loaded once', async () => {
    const record = await node.create('shared');
    const rooms = await Promise.all(Array.from({ length: 20 }, () => node.rooms.open(record.id, NOBODY)));
    expect(new Set(rooms).size).toBe(1);
    expect(node.telemetry.counters.get('rooms_loaded_total')).toBe(1);
  });

  it('[SNAP4] a compacted document loads as before, from the snapshot and the rows above it', async () => {
    const record = await node.create('a');
    await typeInto(record, ['one ', 'two ', 'three ']);
    expect(await node.compactor.compact(record.id)).toBe(true);
    await typeInto(record, ['four']);
    await reopen();
    expect(await textOf(record)).toBe('one two three four');
    const start = await node.log.readLoadStart(record.id);
    expect([start?.snapshot?.seq, start?.head]).toEqual([3, 4]);
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.position).toEqual({ epoch: 1, seq: 4 });
  });

  it('[SNAP5] a document without a tail is not compacted again', async () => {
    const record = await node.create('a');
    await typeInto(record, ['one']);
    expect(await node.compactor.compact(record.id)).toBe(true);
    expect(await node.compactor.compact(record.id)).toBe(false);
    expect(snapshotFiles()).toHaveLength(1);
  });

  it('[SNAP6] edits on their way to the log are in no snapshot', async () => {
    const record = await node.create('a');
    await typeInto(record, ['stored']);
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    room.attach(session);
    const doc = new Y.Doc();
    doc.clientID = 2;
    doc.getText('t').insert(0, 'pending');
    receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' });
    const compacted = node.compactor.compact(record.id);
    await Promise.all([compacted, room.whenDurable()]);
    const start = await node.log.readLoadStart(record.id);
    const rowsAbove = await node.log.readRows(record.id, start?.snapshot?.seq ?? 0, 10);
    expect((start?.snapshot?.seq ?? 0) + rowsAbove.length).toBe(start?.head);
    await reopen();
    expect(await textOf(record)).toContain('pending');
  });

  it.each(['flip', 'truncate', 'remove'] as const)(
    '[SNAP7] a damaged snapshot (%s) is noticed, passed over for the one before it, and loses nothing',
    async (how) => {
      const record = await node.create('a');
      await typeInto(record, ['one ']);
      await node.compactor.compact(record.id);
      const [first] = snapshotFiles();
      await typeInto(record, ['two ']);
      await node.compactor.compact(record.id);
      await typeInto(record, ['three']);
      const newest = snapshotFiles().find((path) => path !== first) ?? '';
      damage(newest, how);
      await reopen();
      expect(await textOf(record)).toBe('one two three');
      expect(node.telemetry.counters.get('snapshot_checksum_failures_total')).toBe(1);
      damage(first ?? '', how);
      expect(await textOf(record)).toBe('one two three');
    },
  );

  it('[SNAP8] a snapshot that reads back other than it was written never becomes the pointer', async () => {
    const record = await node.create('a');
    await typeInto(record, ['one']);
    const lying = (store: SnapshotStore): SnapshotStore => ({
      ...store,
      get: async (key) => (await store.get(key))?.fill(0, 0, 1) ?? null,
    });
    await reopen({ snapshots: lying });
    await expect(node.compactor.compact(record.id)).rejects.toThrow('reads back');
    expect((await node.log.readLoadStart(record.id))?.snapshot).toBeNull();
    await reopen();
    expect(await textOf(record)).toBe('one');
  });

  it('[ROOM18] a damaged row sets its document aside and harms no other', async () => {
    const [bad, good] = [await node.create('bad'), await node.create('good')];
    await typeInto(bad, ['lost?']);
    await typeInto(good, ['fine']);
    await node.database
      .updateTable('log_rows')
      .set({ payload: new Uint8Array([99]) })
      .where('document_id', '=', bad.id)
      .execute();
    await reopen();
    const room = await node.rooms.open(bad.id, NOBODY);
    expect(room.quarantine?.damage).toEqual([{ fromSeq: 1, toSeq: 1, damage: 'checksum' }]);
    expect(node.telemetry.counters.get('documents_quarantined_total')).toBe(1);
    await typeInto(good, [' too']);
    expect(await textOf(good)).toBe('fine too');
    expect(node.telemetry.counters.get('documents_quarantined_total')).toBe(1);
  });

  it('[ROOM19] a document whose log has a hole never passes for whole', async () => {
    const record = await node.create('a');
    await typeInto(record, ['one ', 'two ', 'three']);
    await node.database.deleteFrom('log_rows').where('seq', '=', 2).execute();
    await reopen();
    expect(await node.documents.read(record)).toMatchObject({ damaged: true });
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.quarantine?.damage[0]).toEqual({ fromSeq: 2, toSeq: 2, damage: 'missing' });
  });

  it('[ROOM20] while a document is retired it takes no edit, and its sessions are sent away', async () => {
    const record = await node.create('a');
    await typeInto(record, ['before']);
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    room.attach(session);
    await node.documents.retire(record, 'deleted', ({ stateVector }) => {
      const doc = new Y.Doc();
      doc.getText('t').insert(0, 'late');
      const late = receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' });
      expect(late).toEqual({ kind: 'overloaded' });
      expect(Object.fromEntries(Y.decodeStateVector(stateVector))).toEqual({ 1: 6 });
      return Promise.resolve({ kind: 'done', result: null });
    });
    expect(session.ended).toEqual(['document-deleted']);
  });

  it('[SIM23] a change that finds the log further on is made again with what other nodes added', async () => {
    const record = await node.create('a');
    await typeInto(record, ['one']);
    const seen: (readonly [number, Record<string, number>])[] = [];
    await node.documents.retire(record, 'deleted', async ({ epoch, seq, stateVector }) => {
      seen.push([seq, Object.fromEntries(Y.decodeStateVector(stateVector))]);
      // Another node writes between the look at the log and the change.
      if (seq === 1) await appendElsewhere(record, 'two', 2);
      const removal = await node.catalog.remove(record.tenant, record.name, { epoch, seq, stateVector }, BY);
      return removal === 'removed' ? { kind: 'done', result: null } : { kind: 'moved' };
    });
    expect(seen).toEqual([
      [1, { 1: 3 }],
      [2, { 1: 3, 2: 3 }],
    ]);
  });

  it('[SIM22] a read tells what the log held when it was asked for, though the open room has not heard of it yet', async () => {
    const record = await node.create('a');
    const room = await node.rooms.open(record.id, NOBODY);
    await appendElsewhere(record, 'unheard', 2);
    const resolution = await node.catalog.resolve(record.tenant, record.name);
    if (resolution.kind !== 'found') throw new Error(resolution.kind);
    expect(room.position.seq).toBe(0);
    expect(await textOf(resolution.record)).toBe('unheard');
  });

  it('[SIM22] what is read under a number is what its rows make, also while a row of another node is missing', async () => {
    const record = await node.create('a');
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    room.attach(session);
    await appendElsewhere(record, 'theirs', 2);
    const doc = new Y.Doc();
    doc.clientID = 1;
    doc.getText('t').insert(0, 'ours');
    receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(doc), via: 'update' });
    const { seq, state } = await node.documents.read(record);
    const rows = await node.log.readRows(record.id, 0, seq);
    const updates = rows.flatMap(({ payload }) => updatesOf(decodeLogRow(payload)));
    expect(Y.encodeStateVectorFromUpdate(state)).toEqual(Y.encodeStateVectorFromUpdate(Y.mergeUpdates([...updates])));
    expect(seq).toBe(2);
  });

  it('[SIM26] no snapshot has the name that another one had, though it holds the same', async () => {
    const record = await node.create('a');
    await typeInto(record, ['one']);
    const keys: string[] = [];
    await reopen({
      snapshots: (store) => ({
        ...store,
        // The object is written, and the node that wrote it does not come to publish it.
        put: async (key, bytes) => {
          await store.put(key, bytes);
          keys.push(key);
          if (keys.length === 1) throw new ScriptoriumError('storage-unavailable');
        },
      }),
    });
    await expect(node.compactor.compact(record.id)).rejects.toThrow('storage-unavailable');
    expect(await node.compactor.compact(record.id)).toBe(true);
    expect(new Set(keys).size).toBe(2);
  });

  it('[ROOM21] a change of identity that fails leaves the document as it was', async () => {
    const record = await node.create('a');
    await typeInto(record, ['before']);
    const failing = node.documents.retire(record, 'renamed', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    await typeInto(record, [' after']);
    expect(await textOf(record)).toBe('before after');
  });
});

/** Another node's row, of which no relay tells. */
async function appendElsewhere(record: DocumentRecord, text: string, client: number): Promise<void> {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getText('t').insert(0, text);
  const payload = encodeLogRow([{ actor: 'lin', updates: [Y.encodeStateAsUpdate(doc)] }]);
  const entries = [{ documentId: record.id, epoch: record.epoch, payload, bindings: [] }];
  await node.log.append({ incarnation: 'elsewhere', flush: 1, at: 0, retry: false, entries });
}

function damage(path: string, how: 'flip' | 'truncate' | 'remove'): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  if (how === 'flip') bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  if (how === 'remove') rmSync(path);
  else writeFileSync(path, how === 'truncate' ? bytes.subarray(0, middle) : bytes);
}
