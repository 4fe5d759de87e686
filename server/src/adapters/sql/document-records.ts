import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import { type Kysely, sql } from 'kysely';
import { ScriptoriumError } from '../../core/errors.ts';
import type { DocumentMetadata, DocumentRecord } from '../../ports/document-catalog.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { NameKey } from './document-names.ts';
import type { Schema } from './schema.ts';

/** A document with its head, as the queries below return it. */
interface RecordRow {
  readonly id: number;
  readonly tenant: string;
  readonly document_name: string;
  readonly epoch: number;
  readonly head: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly updated_at: number;
  readonly title: string | null;
  readonly metadata: string | null;
  readonly revision: number;
}

/** The name's state, the document it leads to and the tombstone that goes with that document. */
export async function readNamedRecord(database: Kysely<Schema>, key: NameKey) {
  const row = await namedRecords(database)
    .select(['document_names.state', 'document_names.changed_at', 'documents.tombstone'])
    .where('document_names.tenant', '=', key.tenant)
    .where('document_names.name', '=', key.name)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { state: row.state, changedAt: row.changed_at, tombstone: row.tombstone, record: toRecord(row) };
}

/** The record of a document that is known to be there. */
export async function readRecord(database: Kysely<Schema>, documentId: DocumentId): Promise<DocumentRecord> {
  const row = await database
    .selectFrom('documents')
    .innerJoin('document_heads', 'document_heads.document_id', 'documents.id')
    .select(RECORD_COLUMNS)
    .where('documents.id', '=', documentId)
    .executeTakeFirst();
  if (row === undefined) throw new ScriptoriumError('internal', 'a document vanished from the catalog');
  return toRecord(row);
}

/** Live documents of the tenant with a name in `[from, to)` and above `after`, by name. */
export async function readLiveRecords(
  database: Kysely<Schema>,
  range: {
    readonly tenant: Tenant;
    readonly from: string;
    readonly to: string | null;
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<readonly DocumentRecord[]> {
  const rows = await namedRecords(database)
    .where('document_names.tenant', '=', range.tenant)
    // A literal, so that the partial index on live names can serve the query.
    .where('document_names.state', '=', sql.lit('live' as const))
    .where('document_names.name', '>=', range.from)
    .$if(range.to !== null, (query) => query.where('document_names.name', '<', range.to ?? ''))
    .$if(range.after !== null, (query) => query.where('document_names.name', '>', range.after ?? ''))
    .orderBy('document_names.name')
    .limit(range.limit)
    .execute();
  return rows.map(toRecord);
}

/** What a record is made of; of `documents` and `document_heads`. */
export const RECORD_COLUMNS = [
  'documents.id',
  'documents.tenant',
  'documents.name as document_name',
  'documents.created_at',
  'documents.created_by',
  'document_heads.epoch',
  'document_heads.head',
  'document_heads.updated_at',
  'documents.title',
  'documents.metadata',
  'documents.revision',
] as const;

function namedRecords(database: Kysely<Schema>) {
  return database
    .selectFrom('document_names')
    .innerJoin('documents', 'documents.id', 'document_names.document_id')
    .innerJoin('document_heads', 'document_heads.document_id', 'documents.id')
    .select(RECORD_COLUMNS);
}

/** The record in a row of those columns. */
export function toRecord(row: RecordRow): DocumentRecord {
  return {
    id: row.id,
    // Both were parsed before they were stored.
    tenant: row.tenant as Tenant,
    name: row.document_name as DocumentName,
    epoch: row.epoch,
    head: row.head,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    title: row.title,
    metadata: row.metadata === null ? {} : (JSON.parse(row.metadata) as DocumentMetadata),
    revision: row.revision,
  };
}
