import type { Kysely, Transaction } from 'kysely';
import type { AppendBatch, AppendEntry, AppendResult, RestoreNote, UpdateLog } from '../../ports/update-log.ts';
import type { DocumentVersion } from '../../ports/document-versions.ts';
import { appendAudit } from './append-audit.ts';
import { insertVersion, readVersion, tellOfVersion } from './document-versions.ts';
import { holdDocument } from './hold-document.ts';
import { bindClients, insertRow } from './insert-row.ts';
import type { Schema } from './schema.ts';

export interface RestoreDeps {
  readonly database: Kysely<Schema>;
  /** The append of rows that nothing else is committed with. */
  readonly append: UpdateLog['append'];
  /** Runs a transaction again that lost against another one. */
  readonly retry?: <T>(transaction: () => Promise<T>) => Promise<T>;
}

/** An entry whose row carries out a restore. */
type RestoreEntry = AppendEntry & { readonly payload: Uint8Array; readonly restore: RestoreNote };

/**
 * The append of a store that keeps versions. Rows that carry out a restore are rare, and take a transaction of their own, in
 * portable SQL; all others go the way that is fast. The id of its version tells whether an earlier try stored a row.
 */
export function createRestoringAppend({ database, append, retry = (it) => it() }: RestoreDeps): UpdateLog['append'] {
  return async (batch) => {
    if (!batch.entries.some(isRestore)) return append(batch);
    const others = batch.entries.filter((entry) => !isRestore(entry));
    const stored = others.length === 0 ? [] : await append({ ...batch, entries: others });
    const results = new Map(others.map(({ documentId }, index) => [documentId, stored[index]]));
    for (const entry of batch.entries) {
      if (isRestore(entry)) results.set(entry.documentId, await retry(() => appendRestore(database, batch, entry)));
    }
    return batch.entries.map(({ documentId }) => results.get(documentId) ?? { kind: 'busy' });
  };
}

function isRestore(entry: AppendEntry): entry is RestoreEntry {
  return entry.restore !== undefined && entry.payload !== null;
}

/** Takes a transaction back whose row was stored by a try before it. */
class StoredBefore extends Error {}

async function appendRestore(
  database: Kysely<Schema>,
  { at }: AppendBatch,
  entry: RestoreEntry,
): Promise<AppendResult> {
  try {
    const seq = await database.transaction().execute((transaction) => storeRestore(transaction, entry, at));
    return seq === null ? await explain(database, entry) : { kind: 'stored', seq };
  } catch (error) {
    if (error instanceof StoredBefore) return explain(database, entry);
    throw error;
  }
}

/** The row's number; `null` when its document is not where the entry wants it. */
async function storeRestore(transaction: Transaction<Schema>, entry: RestoreEntry, at: number): Promise<number | null> {
  const { documentId, payload, bindings, restore } = entry;
  const seq = await raiseHead(transaction, entry, at);
  if (seq === null) return null;
  await insertRow(transaction, documentId, { seq, at, payload });
  await bindClients(transaction, documentId, bindings);
  const document = await holdDocument(transaction, documentId);
  // Its head is held and live.
  if (document === null) throw new TypeError(`document ${documentId} has a head and no record`);
  const { versionId: id, label, of, act } = restore;
  const version: DocumentVersion = { id, seq, kind: 'restored', label, at: act.at, author: act.user };
  if (!(await insertVersion(transaction, documentId, version))) throw new StoredBefore();
  await appendAudit(transaction, document.tenant, [
    { ...act, action: 'document.restore', document: document.name, subject: `version:${id}`, detail: { of, seq } },
  ]);
  await tellOfVersion(transaction, document, version);
  return seq;
}

async function raiseHead(transaction: Transaction<Schema>, entry: RestoreEntry, at: number): Promise<number | null> {
  const { documentId, epoch, follows, payload } = entry;
  const raised = await transaction
    .updateTable('document_heads')
    .set((eb) => ({
      head: eb('head', '+', 1),
      tail_bytes: eb('tail_bytes', '+', payload.byteLength),
      updated_at: at,
    }))
    .where('document_id', '=', documentId)
    .where('live', '=', 1)
    .where('epoch', '=', epoch)
    .$if(follows !== undefined, (query) => query.where('head', '=', follows ?? 0))
    .returning('head')
    .executeTakeFirst();
  return raised?.head ?? null;
}

/** Why no row was stored: an earlier try did, or the document is elsewhere. */
async function explain(database: Kysely<Schema>, entry: RestoreEntry): Promise<AppendResult> {
  const { documentId, epoch, restore } = entry;
  const version = await readVersion(database, documentId, restore.versionId);
  if (version !== null) return { kind: 'stored', seq: version.seq };
  const head = await database
    .selectFrom('document_heads')
    .select(['epoch', 'live'])
    .where('document_id', '=', documentId)
    .executeTakeFirst();
  if (head?.live !== 1) return { kind: 'deleted' };
  return { kind: head.epoch === epoch ? 'moved' : 'fenced' };
}
