import { randomUUID } from 'node:crypto';
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Act } from '../../ports/audit-log.ts';
import type { DocumentVersion, DocumentVersions, NewVersion, VersionKind } from '../../ports/document-versions.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { appendAudit } from './append-audit.ts';
import { type HeldDocument, holdDocument } from './hold-document.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import { recordEvent } from './outbox-events.ts';
import type { Schema } from './schema.ts';
import type { DocumentVersionsTable } from './versions-schema.ts';

/** Names for rows of documents' logs on any SQL engine; each change is one transaction. */
export function createDocumentVersions({ database }: { readonly database: Kysely<Schema> }): DocumentVersions {
  const change = <T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> =>
    database.transaction().execute(work);
  return {
    add: (documentId, version, act) => change((transaction) => addVersion(transaction, documentId, { version, act })),
    addAutomatic: (documentId, version) =>
      change((transaction) => addAutomatic(transaction, documentId, { id: randomUUID(), ...version })),
    read: (documentId, id) => readVersion(database, documentId, id),
    list: (documentId, page) => list(database, documentId, page),
    relabel: (documentId, id, { label, act }) =>
      change((transaction) => relabel(transaction, documentId, { id, label, act })),
    remove: (documentId, id, act) => change((transaction) => remove(transaction, documentId, { id, act })),
  };
}

async function addVersion(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { version, act }: { readonly version: NewVersion; readonly act: Act },
): Promise<DocumentVersion | null> {
  const document = await holdDocument(transaction, documentId);
  if (document === null || document.head < version.seq) return null;
  const added: DocumentVersion = { ...version, kind: 'named', at: act.at, author: act.user };
  if (!(await insertVersion(transaction, documentId, added))) return readVersion(transaction, documentId, version.id);
  await appendAudit(transaction, document.tenant, [
    {
      ...act,
      action: 'version.create',
      document: document.name,
      subject: `version:${version.id}`,
      detail: seqOf(added),
    },
  ]);
  await tellOfVersion(transaction, document, added);
  return added;
}

async function addAutomatic(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  {
    id,
    seq,
    at,
    follows,
  }: { readonly id: string; readonly seq: number; readonly at: number; readonly follows: number },
): Promise<boolean> {
  const document = await holdDocument(transaction, documentId);
  if (document === null || document.head < seq) return false;
  const version: DocumentVersion = { id, seq, kind: 'automatic', label: null, at, author: null };
  if (!(await insertVersion(transaction, documentId, version, follows))) return false;
  await tellOfVersion(transaction, document, version);
  return true;
}

/** Adds a version to a document that is held; false when it is there already, or another one fills its gap. */
export async function insertVersion(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  version: DocumentVersion,
  follows: number | null = null,
): Promise<boolean> {
  const result = await transaction
    .insertInto('document_versions')
    .values({ ...version, document_id: documentId, follows })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Tells of a new version of a document that is held. */
export async function tellOfVersion(
  transaction: Transaction<Schema>,
  { documentId, tenant, name, epoch }: HeldDocument,
  { id, seq, kind, label, at, author }: DocumentVersion,
): Promise<void> {
  const facts = { epoch, seq, version: id, kind, label };
  await recordEvent(transaction, { tenant, documentId, name, type: 'version.created', at, user: author, facts });
}

/** What the audit log says of a version; a label may be content, and could not be taken out of there. */
function seqOf({ seq }: Pick<DocumentVersion, 'seq'>) {
  return { seq };
}

async function relabel(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { id, label, act }: { readonly id: string; readonly label: string; readonly act: Act },
): Promise<DocumentVersion | null> {
  const document = await holdDocument(transaction, documentId);
  const before = document === null ? null : await readVersion(transaction, documentId, id);
  if (document === null || before === null) return null;
  const kind = before.kind === 'automatic' ? 'named' : before.kind;
  if (before.label === label && before.kind === kind) return before;
  const row = await transaction
    .updateTable('document_versions')
    .set({ label, kind })
    .where('document_id', '=', documentId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  await appendAudit(transaction, document.tenant, [
    { ...act, action: 'version.rename', document: document.name, subject: `version:${id}`, detail: seqOf(row) },
  ]);
  return toVersion(row);
}

async function remove(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { id, act }: { readonly id: string; readonly act: Act },
): Promise<boolean> {
  const document = await holdDocument(transaction, documentId);
  if (document === null) return false;
  const row = await transaction
    .deleteFrom('document_versions')
    .where('document_id', '=', documentId)
    .where('id', '=', id)
    .returning('seq')
    .executeTakeFirst();
  if (row === undefined) return false;
  await appendAudit(transaction, document.tenant, [
    { ...act, action: 'version.delete', document: document.name, subject: `version:${id}`, detail: seqOf(row) },
  ]);
  return true;
}

/** A version of a document, if it has it. */
export async function readVersion(
  database: Kysely<Schema>,
  documentId: DocumentId,
  id: string,
): Promise<DocumentVersion | null> {
  const row = await database
    .selectFrom('document_versions')
    .selectAll()
    .where('document_id', '=', documentId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? null : toVersion(row);
}

async function list(
  database: Kysely<Schema>,
  documentId: DocumentId,
  page: { readonly cursor: string | null; readonly limit: number; readonly kind?: VersionKind },
) {
  const after = page.cursor === null ? null : decodeListCursor(page.cursor, ['number', 'number', 'string']);
  const rows = await database
    .selectFrom('document_versions')
    .selectAll()
    .where('document_id', '=', documentId)
    .$if(page.kind !== undefined, (query) => query.where('kind', '=', page.kind ?? ''))
    .$if(after !== null, (query) => query.where(sql<boolean>`(seq, at, id) < (${sql.join(after ?? [])})`))
    .orderBy('seq', 'desc')
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  const versions = rows.slice(0, page.limit).map(toVersion);
  const last = versions.at(-1);
  const isMore = rows.length > page.limit && last !== undefined;
  return { versions, nextCursor: isMore ? encodeListCursor([last.seq, last.at, last.id]) : null };
}

function toVersion({ id, seq, kind, label, at, author }: Selectable<DocumentVersionsTable>): DocumentVersion {
  // The table's check allows no other kinds.
  return { id, seq, kind: kind as VersionKind, label, at, author };
}
