import type { Kysely } from 'kysely';
import type { AuthorshipStore, FoundRows, RowSearch } from '../../ports/authorship-store.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { attempt } from './attempt.ts';
import { type AuthorshipDeps, replaceAuthorship } from './replace-authorship.ts';
import type { Schema } from './schema.ts';

/** Who wrote what, on any SQL engine. */
export function createAuthorshipStore(deps: AuthorshipDeps): AuthorshipStore {
  const { database, holds } = deps;
  return {
    readStanding: (documentId, user) => readStanding(database, documentId, user),
    findRows: (documentId, search) => findRows(deps, documentId, search),
    findSetAside: async (documentId, { bytes, after, limit }) => {
      const rows = await database
        .selectFrom('quarantined_rows')
        .select(['id', 'payload'])
        .where('document_id', '=', documentId)
        .where('id', '>', after)
        .where((eb) => holds(eb.ref('payload'), bytes))
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id, payload }) => ({ id, payload: payload ?? new Uint8Array(0) }));
    },
    replaceSetAside: (documentId, rows) =>
      database.transaction().execute(async (transaction) => {
        for (const { id, payload } of rows) {
          const changed = transaction.updateTable('quarantined_rows').set({ payload });
          await changed.where('document_id', '=', documentId).where('id', '=', id).execute();
        }
      }),
    rebind: async (documentId, { from, to, limit }) => {
      const bound = await database
        .updateTable('client_bindings')
        .set({ user_id: to })
        .where('document_id', '=', documentId)
        .where('client', 'in', (some) =>
          some
            .selectFrom('client_bindings')
            .select('client')
            .where('document_id', '=', documentId)
            .where('user_id', '=', from)
            .limit(limit),
        )
        .executeTakeFirst();
      return Number(bound.numUpdatedRows);
    },
    replace: (documentId, change) =>
      attempt(database, (transaction) => replaceAuthorship(transaction, deps, { documentId, change })),
  };
}

async function readStanding(database: Kysely<Schema>, documentId: DocumentId, user: string) {
  const row = await database
    .selectFrom('document_heads as heads')
    .select(['heads.epoch', 'heads.head', 'heads.live'])
    .select((eb) =>
      eb
        .selectFrom('client_bindings')
        .select((count) => count.fn.countAll<number>().as('count'))
        .whereRef('client_bindings.document_id', '=', 'heads.document_id')
        .where('client_bindings.user_id', '=', user)
        .as('bindings'),
    )
    .where('heads.document_id', '=', documentId)
    .executeTakeFirst();
  if (row === undefined) return null;
  return { epoch: row.epoch, head: row.head, isLive: row.live === 1, bindings: Number(row.bindings ?? 0) };
}

async function findRows(
  { database, holds }: AuthorshipDeps,
  documentId: DocumentId,
  search: RowSearch,
): Promise<FoundRows> {
  const { bytes, after, span, limit } = search;
  const looked = database
    .selectFrom('log_rows')
    .select('seq')
    .where('document_id', '=', documentId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(span);
  const end = await database
    .selectFrom(looked.as('looked'))
    .select((eb) => eb.fn.max<number | null>('looked.seq').as('seq'))
    .executeTakeFirst();
  const last = end?.seq ?? null;
  if (last === null) return { rows: [], upTo: null };
  const rows = await database
    .selectFrom('log_rows')
    .select(['seq', 'at', 'payload', 'sum'])
    .where('document_id', '=', documentId)
    .where('seq', '>', after)
    .where('seq', '<=', last)
    .where((eb) => holds(eb.ref('payload'), bytes))
    .orderBy('seq')
    .limit(limit)
    .execute();
  return { rows, upTo: rows.length === limit ? (rows.at(-1)?.seq ?? last) : last };
}
