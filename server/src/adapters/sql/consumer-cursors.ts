import type { Kysely } from 'kysely';
import type { ConsumerCursors } from '../../ports/consumer-cursors.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

/** Below every engine's limit on parameters. */
const DOCUMENTS_PER_STATEMENT = 500;

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
    advanceAll: async (consumer, positions) => {
      const all = [...positions];
      for (let from = 0; from < all.length; from += DOCUMENTS_PER_STATEMENT) {
        await advanceSome(database, consumer, new Map(all.slice(from, from + DOCUMENTS_PER_STATEMENT)));
      }
    },
  };
}

async function advanceSome(
  database: Kysely<Schema>,
  consumer: string,
  positions: ReadonlyMap<DocumentId, number>,
): Promise<void> {
  const rows = await database
    .selectFrom('document_heads')
    .select('document_id')
    .where('document_id', 'in', [...positions.keys()])
    .where('live', '=', 1)
    .orderBy('document_id')
    .execute();
  const values = rows.map(({ document_id }) => ({ consumer, document_id, seq: positions.get(document_id) ?? 0 }));
  if (values.length === 0) return;
  await database
    .insertInto('consumer_cursors')
    .values(values)
    .onConflict((conflict) =>
      conflict
        .columns(['document_id', 'consumer'])
        .doUpdateSet((row) => ({ seq: row.ref('excluded.seq') }))
        .whereRef('consumer_cursors.seq', '<', 'excluded.seq'),
    )
    .execute();
}
