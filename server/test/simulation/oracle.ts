import * as Y from 'yjs';
import { decodeLogRow } from '../../src/core/log-row.ts';
import { updatesOf } from '../../src/core/pending-row.ts';
import type { AppendBatch, DocumentId, LogRow } from '../../src/ports/update-log.ts';
import type { ClientEdit } from './client-edit-record.ts';

/** What the document's rows make, built by Yjs alone and row by row, in the moment in which each was committed. */
export interface CommittedDocument {
  readonly doc: Y.Doc;
  /** What the document was behind each row, by sequence number. */
  readonly states: string[];
}

/** The truth about what is durable. */
export interface Oracle {
  /** Takes a committed row; returns what is wrong with it, or `null`. */
  addRow(row: {
    readonly documentId: DocumentId;
    readonly row: LogRow;
    readonly batch: AppendBatch;
    /** The room that the row comes from. */
    readonly room: object | null;
  }): string | null;
  of(documentId: DocumentId): CommittedDocument;
  /** Whether an edit is durable as a whole. */
  holds(documentId: DocumentId, edit: Pick<ClientEdit, 'clocks' | 'deletes'>): boolean;
}

export function createOracle(): Oracle {
  const documents = new Map<DocumentId, CommittedDocument>();
  const flushes = new WeakMap<object, Map<string, number>>();
  const of = (documentId: DocumentId): CommittedDocument => {
    const known = documents.get(documentId);
    if (known !== undefined) return known;
    const doc = createPassiveDoc();
    const created = { doc, states: [summarize(doc)] };
    documents.set(documentId, created);
    return created;
  };
  /** Whether one of the updates was in a row of another flush of the same room: an append that was done twice. */
  const isRepeated = (room: object | null, flush: number, updates: readonly Uint8Array[]): boolean => {
    if (room === null) return false;
    const known = flushes.get(room) ?? new Map<string, number>();
    flushes.set(room, known);
    const texts = updates.map((update) => Buffer.from(update).toString('latin1'));
    const repeated = texts.some((text) => (known.get(text) ?? flush) !== flush);
    for (const text of texts) known.set(text, flush);
    return repeated;
  };
  return {
    of,
    addRow: ({ documentId, row, batch, room }) => {
      const { doc, states } = of(documentId);
      if (row.seq !== states.length) return `row ${row.seq} of document ${documentId} leaves a gap in the log`;
      const updates = updatesOf(decodeLogRow(row.payload));
      for (const update of updates) Y.applyUpdate(doc, update);
      states.push(summarize(doc));
      if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null)
        return `row ${row.seq} of document ${documentId} refers to what the log does not hold`;
      if (isRepeated(room, batch.flush, updates))
        return `row ${row.seq} of document ${documentId} holds what an earlier row of its room holds`;
      return null;
    },
    holds: (documentId, { clocks, deletes }) => {
      const { doc } = of(documentId);
      if (clocks.some(([client, clock]) => Y.getState(doc.store, client) < clock)) return false;
      return deletes.every((range) => isDeleted(doc, range));
    },
  };
}

/** A document that takes what it is given and never adds a deletion of its own, as Y.Text does when it is observed. */
export function createPassiveDoc(): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = 0;
  doc.on('beforeObserverCalls', (transaction) => transaction.changed.clear());
  return doc;
}

/** State vector and delete set, as one text that two equal documents share. */
export function summarize(doc: Y.Doc): string {
  const clocks = [...doc.store.clients.keys()].toSorted((a, b) => a - b);
  const deletes = Y.createDeleteSetFromStructStore(doc.store).clients;
  return clocks
    .map((client) => {
      const ranges = (deletes.get(client) ?? []).map(({ clock, len }) => `${clock}+${len}`);
      return `${client}:${Y.getState(doc.store, client)}[${ranges.join()}]`;
    })
    .join(' ');
}

/** Whether all these clocks are known and deleted. */
function isDeleted(
  doc: Y.Doc,
  range: { readonly client: number; readonly clock: number; readonly length: number },
): boolean {
  const structs = doc.store.clients.get(range.client) ?? [];
  const end = range.clock + range.length;
  if (Y.getState(doc.store, range.client) < end) return false;
  for (let at = Y.findIndexSS(structs, range.clock); at < structs.length; at += 1) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= end) break;
    if (!struct.deleted) return false;
  }
  return true;
}
