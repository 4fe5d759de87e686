import type { Kysely } from 'kysely';
import type { DocumentLeases } from '../../ports/document-leases.ts';
import type { Schema } from './schema.ts';

/** Leases of one consumer in the database that the nodes share. */
export function createDocumentLeases(deps: {
  readonly database: Kysely<Schema>;
  readonly consumer: string;
}): DocumentLeases {
  const { database, consumer } = deps;
  return {
    claim: async (documentIds, { holder, now, until }) => {
      if (documentIds.length === 0) return [];
      const rows = await database
        .insertInto('document_leases')
        // In one order, so that two nodes do not wait for one another.
        .values(ordered(documentIds).map((document_id) => ({ consumer, document_id, holder, until })))
        .onConflict((conflict) =>
          conflict
            .columns(['consumer', 'document_id'])
            .doUpdateSet({ holder, until })
            .where((lease) =>
              lease.or([lease('document_leases.until', '<=', now), lease('document_leases.holder', '=', holder)]),
            ),
        )
        .returning('document_id')
        .execute();
      return rows.map((row) => row.document_id);
    },
    keep: async (documentIds, { holder, until }) => {
      if (documentIds.length === 0) return;
      await database
        .updateTable('document_leases')
        .set({ until })
        .where('consumer', '=', consumer)
        .where('document_id', 'in', ordered(documentIds))
        .where('holder', '=', holder)
        .execute();
    },
  };
}

function ordered(documentIds: readonly number[]): readonly number[] {
  return documentIds.toSorted((one, other) => one - other);
}
