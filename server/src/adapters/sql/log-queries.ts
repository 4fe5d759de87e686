import { type Kysely, sql } from 'kysely';
import type { DocumentId, Head, LoadStart, SnapshotPointer, UpdateLog } from '../../ports/update-log.ts';
import { publishSnapshot } from './publish-snapshot.ts';
import type { Schema } from './schema.ts';

/** Documents asked for in one statement, below every engine's limit on parameters. */
const HEADS_PER_QUERY = 500;

/** All of the update log but the append, which each engine does by hand. */
export function createLogQueries(deps: { readonly database: Kysely<Schema> }): Omit<UpdateLog, 'append'> {
  const { database } = deps;
  return {
    readRows: (documentId, after, limit) =>
      database
        .selectFrom('log_rows')
        .select(['seq', 'at', 'payload', 'sum'])
        .where('document_id', '=', documentId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute(),
    readHeads: (documentIds) => readHeads(database, documentIds),
    readLoadStart: (documentId) => readLoadStart(database, documentId),
    readBindings: (documentId) =>
      database
        .selectFrom('client_bindings')
        .select(['client', 'user_id as user'])
        .where('document_id', '=', documentId)
        .execute(),
    registerSnapshot: async (documentId, key, expiresAt) => {
      await database
        .insertInto('snapshot_register')
        .values({ key, document_id: documentId, expires_at: expiresAt, named: 0 })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ expires_at: expiresAt }))
        .execute();
    },
    publishSnapshot: (documentId, epoch, expectedSeq, snapshot) =>
      database
        .transaction()
        .execute((transaction) => publishSnapshot(transaction, { documentId, epoch, expectedSeq, snapshot })),
    takeExpiredSnapshots: (now, limit) => takeExpiredSnapshots(database, now, limit),
  };
}

async function readHeads(database: Kysely<Schema>, documentIds: readonly DocumentId[]): Promise<readonly Head[]> {
  const heads: Head[] = [];
  for (let start = 0; start < documentIds.length; start += HEADS_PER_QUERY) {
    const rows = await database
      .selectFrom('document_heads')
      .select(['document_id as documentId', 'epoch', 'head'])
      .where('document_id', 'in', documentIds.slice(start, start + HEADS_PER_QUERY))
      .where('live', '=', 1)
      .execute();
    heads.push(...rows);
  }
  return heads;
}

/** One statement, so that head and pointers belong together. */
async function readLoadStart(database: Kysely<Schema>, documentId: DocumentId): Promise<LoadStart | null> {
  const row = await database
    .selectFrom('document_heads as heads')
    .leftJoin('document_snapshots as snapshots', 'snapshots.document_id', 'heads.document_id')
    .select(['heads.epoch', 'heads.head', 'heads.tail_bytes'])
    .select(['snapshots.seq', 'snapshots.key', 'snapshots.sha256', 'snapshots.bytes'])
    .select(['previous_seq', 'previous_key', 'previous_sha256', 'previous_bytes'])
    .where('heads.document_id', '=', documentId)
    .where('heads.live', '=', 1)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    epoch: row.epoch,
    head: row.head,
    tailBytes: row.tail_bytes,
    snapshot: toPointer(row),
    previousSnapshot: toPointer({
      seq: row.previous_seq,
      key: row.previous_key,
      sha256: row.previous_sha256,
      bytes: row.previous_bytes,
    }),
  };
}

function toPointer(row: { [Field in keyof SnapshotPointer]: SnapshotPointer[Field] | null }): SnapshotPointer | null {
  const { seq, key, sha256, bytes } = row;
  if (seq === null || key === null || sha256 === null || bytes === null) return null;
  return { seq, key, sha256, bytes };
}

async function takeExpiredSnapshots(database: Kysely<Schema>, now: number, limit: number): Promise<readonly string[]> {
  const rows = await database
    .deleteFrom('snapshot_register')
    .where('key', 'in', (expired) =>
      expired
        .selectFrom('snapshot_register')
        .select('key')
        // A literal, so that the partial index on unnamed keys can serve the query.
        .where('named', '=', sql.lit(0))
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(limit),
    )
    // Again for the row itself: while it was waited for, somebody may have named the key or given it more time.
    .where('named', '=', 0)
    .where('expires_at', '<', now)
    .returning('key')
    .execute();
  return rows.map((row) => row.key);
}
