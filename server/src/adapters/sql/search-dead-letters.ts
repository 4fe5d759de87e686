import type { Kysely } from 'kysely';
import type { SearchDeadLetters } from '../../ports/search-dead-letters.ts';
import type { Schema } from './schema.ts';

/** Documents that search leaves out, on any SQL engine. */
export function createSearchDeadLetters({ database }: { readonly database: Kysely<Schema> }): SearchDeadLetters {
  const letters = () =>
    database.selectFrom('search_dead_letters').select(['document_id as documentId', 'epoch', 'seq', 'reason', 'at']);
  return {
    put: async ({ documentId, ...letter }) => {
      await database
        .insertInto('search_dead_letters')
        .values({ document_id: documentId, ...letter })
        .onConflict((conflict) => conflict.column('document_id').doUpdateSet(letter))
        .execute();
    },
    read: async (documentIds) =>
      documentIds.length === 0 ? [] : letters().where('document_id', 'in', documentIds).execute(),
    remove: async (documentIds) => {
      if (documentIds.length === 0) return;
      await database.deleteFrom('search_dead_letters').where('document_id', 'in', documentIds).execute();
    },
  };
}
