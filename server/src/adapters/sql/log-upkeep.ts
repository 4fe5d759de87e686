import { type Kysely, sql, type Transaction } from 'kysely';
import type { BacklogPage, LogUpkeep } from '../../ports/log-upkeep.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { dropFloorSql } from './drop-floor.ts';
import { releaseObjects } from './object-register.ts';
import type { Schema } from './schema.ts';

/** What keeps the log short, on any SQL engine that removes rows one by one. */
export function createLogUpkeep({ database }: { readonly database: Kysely<Schema> }): LogUpkeep {
  return {
    readBacklog: (after, limit) => readBacklog(database, after, limit),
    readDropFacts: (documentId) => readDropFacts(database, documentId),
    removeRows: (documentId, range) => removeRows(database, documentId, range),
    listDeleted: async (before, limit) => {
      const documents = await database
        .selectFrom('documents')
        .select('id')
        .where('deleted_at', 'is not', null)
        .where('purged_at', 'is', null)
        .where('deleted_at', '<', before)
        .orderBy('deleted_at')
        .limit(limit)
        .execute();
      return documents.map(({ id }) => id);
    },
    purge: (documentId, options) =>
      database.transaction().execute(async (transaction) => {
        const purged = await purgeDocument(transaction, documentId, options);
        return purged.kind === 'purged' && purged.done;
      }),
  };
}

async function readBacklog(database: Kysely<Schema>, after: DocumentId, limit: number): Promise<BacklogPage> {
  const page = database
    .selectFrom('document_heads')
    .select(['document_id', 'head', 'snapshot_seq', 'archived_seq', 'live'])
    .where('document_id', '>', after)
    .orderBy('document_id')
    .limit(limit);
  const size = await database
    .selectFrom(page.as('page'))
    .select((eb) => [eb.fn.max('document_id').as('last'), eb.fn.countAll<number>().as('count')])
    .executeTakeFirst();
  const entries = await database
    .selectFrom((eb) =>
      eb
        .selectFrom(page.as('page'))
        .select(['document_id as documentId', 'head'])
        .select(['snapshot_seq as snapshotSeq', 'archived_seq as archivedSeq'])
        .select((row) => [
          row
            .selectFrom('log_rows')
            .select('at')
            .whereRef('log_rows.document_id', '=', 'page.document_id')
            .where('log_rows.seq', '=', sql<number>`page.archived_seq + 1`)
            .limit(1)
            .as('oldestUnarchivedAt'),
          row
            .selectFrom('log_rows')
            .select('at')
            .whereRef('log_rows.document_id', '=', 'page.document_id')
            .orderBy('log_rows.seq')
            .limit(1)
            .as('oldestRowAt'),
        ])
        .where('page.live', '=', 1)
        .as('entries'),
    )
    .selectAll()
    // A document without rows has nothing left to fold, archive or drop; most documents rest like that.
    .where('oldestRowAt', 'is not', null)
    .execute();
  const next = Number(size?.count ?? 0) < limit ? null : (size?.last ?? null);
  return { entries, next };
}

async function readDropFacts(database: Kysely<Schema>, documentId: DocumentId) {
  const head = await database
    .selectFrom('document_heads')
    .select(['snapshot_seq', 'archived_seq'])
    .where('document_id', '=', documentId)
    .where('live', '=', 1)
    .executeTakeFirst();
  if (head === undefined) return null;
  const cursors = await database
    .selectFrom('consumer_cursors')
    .select(['consumer', 'seq'])
    .where('document_id', '=', documentId)
    .execute();
  const followers = await database.selectFrom('log_consumers').select('name').where('follows_all', '=', 1).execute();
  const standing = new Set(cursors.map(({ consumer }) => consumer));
  const atStart = followers.filter(({ name }) => !standing.has(name)).map(() => 0);
  return {
    snapshotSeq: head.snapshot_seq,
    archivedSeq: head.archived_seq,
    cursors: [...cursors.map(({ seq }) => seq), ...atStart],
  };
}

async function removeRows(
  database: Kysely<Schema>,
  documentId: DocumentId,
  range: { readonly upTo: number; readonly before: number; readonly limit: number },
): Promise<number> {
  const result = await database
    .deleteFrom('log_rows')
    .where('document_id', '=', documentId)
    .where('at', '<', range.before)
    .where('seq', '<=', range.upTo)
    .where('seq', '<=', (eb) =>
      eb
        .selectFrom('document_heads')
        .select(sql.raw<number>(dropFloorSql('document_heads')).as('floor'))
        .where('document_heads.document_id', '=', documentId),
    )
    .where('seq', '<', (eb) =>
      eb
        .selectFrom('log_rows as rows')
        .select(sql<number>`min(rows.seq) + ${range.limit}`.as('end'))
        .where('rows.document_id', '=', documentId),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** How far the emptying of a document got; nothing is done to one that is live. */
export type Purged =
  | { readonly kind: 'live' }
  | { readonly kind: 'purged'; readonly rows: number; readonly done: boolean };

/** Removes `limit` rows of a deleted document, or, once there are none, all else that it holds. */
export async function purgeDocument(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  options: { readonly limit: number; readonly at: number },
): Promise<Purged> {
  const deleted = await transaction
    .selectFrom('documents')
    .select('id')
    .where('id', '=', documentId)
    .where('deleted_at', 'is not', null)
    .executeTakeFirst();
  if (deleted === undefined) return { kind: 'live' };
  const rows = await transaction
    .deleteFrom('log_rows')
    .where('document_id', '=', documentId)
    .where('seq', '<', (eb) =>
      eb
        .selectFrom('log_rows as rows')
        .select(sql<number>`min(rows.seq) + ${options.limit}`.as('end'))
        .where('rows.document_id', '=', documentId),
    )
    .executeTakeFirst();
  if (rows.numDeletedRows > 0n) return { kind: 'purged', rows: Number(rows.numDeletedRows), done: false };
  const snapshots = await transaction
    .deleteFrom('snapshots')
    .where('document_id', '=', documentId)
    .returning('key')
    .execute();
  const segments = await transaction
    .deleteFrom('history_segments')
    .where('document_id', '=', documentId)
    .returning('key')
    .execute();
  await releaseObjects(
    transaction,
    [...snapshots, ...segments].map(({ key }) => key),
    options.at,
  );
  await emptyDocument(transaction, documentId, options.at);
  return { kind: 'purged', rows: 0, done: true };
}

/** Removes what a deleted document holds beside its log. */
async function emptyDocument(transaction: Transaction<Schema>, documentId: DocumentId, at: number): Promise<void> {
  const published = transaction.selectFrom('publications').select('id').where('document_id', '=', documentId);
  await transaction.deleteFrom('publication_editions').where('publication_id', 'in', published).execute();
  await transaction.updateTable('publications').set({ live: 0 }).where('document_id', '=', documentId).execute();
  for (const table of ['client_bindings', 'consumer_cursors', 'quarantined_rows', 'document_versions'] as const) {
    await transaction.deleteFrom(table).where('document_id', '=', documentId).execute();
  }
  for (const table of ['idempotent_requests', 'job_items'] as const) {
    // Whoever goes on with it finds no document.
    const nothing = { intent: null, document_id: null };
    await transaction.updateTable(table).set(nothing).where('document_id', '=', documentId).execute();
  }
  const emptied = { purged_at: at, title: null, metadata: null };
  await transaction.updateTable('documents').set(emptied).where('id', '=', documentId).execute();
}
