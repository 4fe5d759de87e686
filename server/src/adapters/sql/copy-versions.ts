import type { Kysely, Transaction } from 'kysely';
import type { DocumentId } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

/** Copies a document's versions and publication; ids stay, so addresses do too. */
export async function copyVersions(
  from: Kysely<Schema>,
  to: Transaction<Schema>,
  { documentId, id }: { readonly documentId: DocumentId; readonly id: DocumentId },
): Promise<void> {
  for (const table of ['document_versions', 'publications'] as const) {
    const rows = await from.selectFrom(table).selectAll().where('document_id', '=', documentId).execute();
    for (const row of rows) {
      await to
        .insertInto(table)
        // The same columns on both sides, whichever table it is.
        .values({ ...row, document_id: id })
        .execute();
    }
  }
  const editions = await from
    .selectFrom('publication_editions')
    .innerJoin('publications', 'publications.id', 'publication_editions.publication_id')
    .selectAll('publication_editions')
    .where('publications.document_id', '=', documentId)
    .execute();
  for (const edition of editions) await to.insertInto('publication_editions').values(edition).execute();
}
