import type { Kysely } from 'kysely';
import type { DocumentDirectory } from '../../ports/document-directory.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { RECORD_COLUMNS, toRecord } from './document-records.ts';
import type { Schema } from './schema.ts';

/** Documents by their ids on any SQL engine. */
export function createDocumentDirectory({ database }: { readonly database: Kysely<Schema> }): DocumentDirectory {
  return {
    readLive: async (documentIds) => {
      if (documentIds.length === 0) return [];
      const rows = await documents(database)
        .where('documents.id', 'in', documentIds)
        .where('documents.deleted_at', 'is', null)
        .execute();
      return rows.map(toRecord);
    },
    readPage: (after, limit) => readPage(database, after, limit),
    readChangedSince: (at) =>
      database
        .selectFrom('document_heads')
        .select(['document_id as documentId', 'epoch', 'head'])
        .where('updated_at', '>=', at)
        .where('live', '=', 1)
        .execute(),
  };
}

async function readPage(database: Kysely<Schema>, after: DocumentId, limit: number) {
  const rows = await documents(database)
    .select(['documents.deleted_at', 'documents.purged_at'])
    .where('documents.id', '>', after)
    .orderBy('documents.id')
    .limit(limit)
    .execute();
  const entries = rows
    .filter((row) => row.purged_at === null)
    .map((row) => ({ documentId: row.id, record: row.deleted_at === null ? toRecord(row) : null }));
  return { entries, next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) };
}

function documents(database: Kysely<Schema>) {
  return database
    .selectFrom('documents')
    .innerJoin('document_heads', 'document_heads.document_id', 'documents.id')
    .select(RECORD_COLUMNS);
}
