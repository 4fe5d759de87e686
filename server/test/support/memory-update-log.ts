import { hash } from 'node:crypto';
import type { AppendBatch, AppendEntry, AppendResult, UpdateLog } from '../../src/ports/update-log.ts';
import {
  copyPlace,
  liveDocument,
  rowsInOrder,
  type Immediate,
  type MemoryTables,
  type StoredDocument,
} from './memory-documents.ts';

/** Rows that come with the start of a load: few, so that most loads have to read on. */
const FIRST_ROWS = 120;

/** The update log in memory, a transaction per call: what it answers is what every adapter must answer in the end. */
export function createMemoryUpdateLog(tables: MemoryTables): Immediate<UpdateLog> {
  return {
    append: (batch) => batch.entries.map((entry) => appendEntry(tables, batch, entry)),
    readRows: (documentId, after, limit) =>
      rowsInOrder(tables.documents.get(documentId))
        .filter((row) => row.seq > after)
        .slice(0, limit),
    readHeads: (documentIds) =>
      documentIds.flatMap((documentId) => {
        const document = liveDocument(tables, documentId);
        return document === null ? [] : [{ documentId, epoch: document.epoch, head: document.head }];
      }),
    readLoadStart: (documentId) => {
      const document = liveDocument(tables, documentId);
      if (document === null) return null;
      const { epoch, head, archivedSeq, snapshotSeq, snapshots } = document;
      const tail = tailOf(document);
      const snapshot = snapshots.get(snapshotSeq);
      return {
        epoch,
        head,
        archivedSeq,
        tailBytes: tail.reduce((sum, row) => sum + row.payload.byteLength, 0),
        snapshot: snapshot === undefined ? null : { ...snapshot, place: copyPlace(snapshot.place) },
        rows: tail.slice(0, FIRST_ROWS),
      };
    },
    readBindings: (documentId) =>
      [...(tables.documents.get(documentId)?.bindings ?? [])].map(([client, user]) => ({ client, user })),
  };
}

function tailOf(document: StoredDocument) {
  return rowsInOrder(document).filter(({ seq }) => seq > document.snapshotSeq && seq <= document.head);
}

/** Stores one entry of a batch, if it may be. */
export function appendEntry(tables: MemoryTables, batch: AppendBatch, entry: AppendEntry): AppendResult {
  const document = tables.documents.get(entry.documentId);
  if (document === undefined) return { kind: 'deleted' };
  // Before anything else: a row that is there is there, whatever became of the document since.
  const known = document.flushes.get(`${batch.incarnation} ${batch.flush}`);
  if (known !== undefined) return { kind: 'stored', seq: known };
  if (!document.live) return { kind: 'deleted' };
  if (document.epoch !== entry.epoch) return { kind: 'fenced' };
  if (entry.follows !== undefined && entry.follows !== document.head) return { kind: 'moved' };
  if (entry.payload !== null) {
    const seq = document.head + 1;
    if (document.rows.has(seq)) return { kind: 'refused' };
    const payload = new Uint8Array(entry.payload);
    document.rows.set(seq, { seq, at: batch.at, payload, sum: rowSumOf(payload) });
    document.flushes.set(`${batch.incarnation} ${batch.flush}`, seq);
    document.head = seq;
    document.updatedAt = batch.at;
  }
  for (const { client, user } of entry.bindings) {
    if (!document.bindings.has(client)) document.bindings.set(client, user);
  }
  return { kind: 'stored', seq: document.head };
}

/** What a row keeps of its payload's SHA-256. */
export function rowSumOf(payload: Uint8Array): Uint8Array {
  return hash('sha256', payload, 'buffer').subarray(0, 16);
}
