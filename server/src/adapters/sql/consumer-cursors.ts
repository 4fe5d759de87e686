import type { Kysely } from 'kysely';
import type { ConsumerCursors } from '../../ports/consumer-cursors.ts';
import type { Schema } from './schema.ts';

/** Consumers and their cursors on any SQL engine. */
export function createConsumerCursors({ database }: { readonly database: Kysely<Schema> }): ConsumerCursors {
  return {
    register: async (consumer, scope) => {
      const follows_all = scope === 'every-document' ? 1 : 0;
      await database
        .insertInto('log_consumers')
        .values({ name: consumer, follows_all })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ follows_all }))
        .execute();
    },
    unregister: (consumer) =>
      database.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('log_consumers').where('name', '=', consumer).execute();
        await transaction.deleteFrom('consumer_cursors').where('consumer', '=', consumer).execute();
      }),
    read: async (consumer, documentId) => {
      const row = await database
        .selectFrom('consumer_cursors')
        .select('seq')
        .where('document_id', '=', documentId)
        .where('consumer', '=', consumer)
        .executeTakeFirst();
      return row?.seq ?? 0;
    },
    advance: async (consumer, documentId, seq) => {
      await database
        .insertInto('consumer_cursors')
        .values({ consumer, document_id: documentId, seq })
        .onConflict((conflict) =>
          conflict.columns(['document_id', 'consumer']).doUpdateSet({ seq }).where('consumer_cursors.seq', '<', seq),
        )
        .execute();
    },
  };
}
