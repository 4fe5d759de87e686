import { randomUUID } from 'node:crypto';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { DocumentVersion, DocumentVersions, VersionKind } from '../../ports/document-versions.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import type { Schema } from './schema.ts';
import type { DocumentVersionsTable } from './versions-schema.ts';

/** Names for rows of documents' logs on any SQL engine. */
export function createDocumentVersions({ database }: { readonly database: Kysely<Schema> }): DocumentVersions {
  const all = database.selectFrom('document_versions').selectAll();
  return {
    add: async (documentId, version) => {
      const id = randomUUID();
      const isAdded = await insert(database, documentId, { ...version, id, follows: null });
      return isAdded ? { id, ...version } : null;
    },
    addAutomatic: (documentId, { seq, at, follows }) => {
      const version = { id: randomUUID(), seq, kind: 'automatic', label: null, at, author: null, follows } as const;
      return insert(database, documentId, version);
    },
    read: async (documentId, id) => {
      const row = await all.where('document_id', '=', documentId).where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toVersion(row);
    },
    list: (documentId, page) => list(database, documentId, page),
    relabel: async (documentId, id, label) => {
      const row = await database
        .updateTable('document_versions')
        .set({ label, kind: sql`case kind when 'automatic' then 'named' else kind end` })
        .where('document_id', '=', documentId)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : toVersion(row);
    },
    remove: async (documentId, id) => {
      const result = await database
        .deleteFrom('document_versions')
        .where('document_id', '=', documentId)
        .where('id', '=', id)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

interface NewVersion extends DocumentVersion {
  readonly follows: number | null;
}

/** Adds it if the document is live and has the row, in one statement. */
async function insert(database: Kysely<Schema>, documentId: DocumentId, version: NewVersion): Promise<boolean> {
  const { id, seq, kind, label, at, author, follows } = version;
  const result = await database
    .insertInto('document_versions')
    .columns(['id', 'document_id', 'seq', 'kind', 'label', 'at', 'author', 'follows'])
    .expression((eb) =>
      eb
        .selectFrom('document_heads')
        .select([
          sql<string>`cast(${id} as text)`.as('id'),
          'document_id',
          sql<number>`cast(${seq} as bigint)`.as('seq'),
          sql<string>`cast(${kind} as text)`.as('kind'),
          sql<string | null>`cast(${label} as text)`.as('label'),
          sql<number>`cast(${at} as bigint)`.as('at'),
          sql<string | null>`cast(${author} as text)`.as('author'),
          sql<number | null>`cast(${follows} as bigint)`.as('follows'),
        ])
        .where('document_id', '=', documentId)
        .where('live', '=', 1)
        .where('head', '>=', seq),
    )
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
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
