import { type Kysely, sql, type Transaction } from 'kysely';
import type { ListedSnapshot, SnapshotIndex, SnapshotPublication } from '../../ports/snapshot-index.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { attempt } from './attempt.ts';
import { nameObject, releaseObjects } from './object-register.ts';
import type { Schema } from './schema.ts';
import { checkReadBack, toColumns, toPlace } from './stored-place.ts';

/** The index of snapshots on any SQL engine. */
export function createSnapshotIndex({ database }: { readonly database: Kysely<Schema> }): SnapshotIndex {
  return {
    publish: (publication) => attempt(database, (transaction) => publish(transaction, publication)),
    list: (documentId) => list(database, documentId),
    locate: async (documentId, seq) => {
      const row = await database
        .selectFrom('snapshots')
        .select(['key', 'content'])
        .where('document_id', '=', documentId)
        .where('seq', '=', seq)
        .executeTakeFirst();
      return row === undefined ? null : toPlace(row);
    },
    retire: (documentId, seqs, removableAt) =>
      seqs.length === 0
        ? Promise.resolve()
        : database.transaction().execute((transaction) => retire(transaction, documentId, { seqs, removableAt })),
  };
}

async function publish(transaction: Transaction<Schema>, publication: SnapshotPublication): Promise<boolean> {
  const { documentId, snapshot } = publication;
  if (!(await movePointer(transaction, publication))) return false;
  const { place } = snapshot;
  if (place.kind === 'object' && !(await nameObject(transaction, documentId, place.key))) return false;
  if (snapshot.seq === publication.expectedSeq) await removeReplaced(transaction, publication);
  await insert(transaction, publication);
  await measureTail(transaction, publication);
  return true;
}

/** The compare-and-set. It holds the head to the end of the transaction, so that nobody raises the epoch meanwhile. */
async function movePointer(transaction: Transaction<Schema>, publication: SnapshotPublication): Promise<boolean> {
  const { documentId, epoch, expectedSeq, snapshot } = publication;
  if (snapshot.seq < expectedSeq) return false;
  const result = await transaction
    .updateTable('document_heads')
    .set({ snapshot_seq: snapshot.seq })
    .where('document_id', '=', documentId)
    .where('epoch', '=', epoch)
    .where('live', '=', 1)
    .where('head', '>=', snapshot.seq)
    .where('snapshot_seq', '=', expectedSeq)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** A damaged snapshot gives its place to a sound one of the same state. Nobody can use its object any more. */
async function removeReplaced(
  transaction: Transaction<Schema>,
  { documentId, snapshot }: SnapshotPublication,
): Promise<void> {
  const removed = await transaction
    .deleteFrom('snapshots')
    .where('document_id', '=', documentId)
    .where('seq', '=', snapshot.seq)
    .returning('key')
    .execute();
  await releaseObjects(
    transaction,
    removed.map(({ key }) => key),
    snapshot.at,
  );
}

async function insert(transaction: Transaction<Schema>, publication: SnapshotPublication): Promise<void> {
  const { documentId, snapshot } = publication;
  const { seq, at, bytes, sha256, place } = snapshot;
  await transaction
    .insertInto('snapshots')
    .values({ document_id: documentId, seq, at, bytes, sha256, ...toColumns(place) })
    .execute();
  if (place.kind === 'object') return;
  const stored = await transaction
    .selectFrom('snapshots')
    .select('content')
    .where('document_id', '=', documentId)
    .where('seq', '=', seq)
    .executeTakeFirst();
  checkReadBack(stored?.content, sha256);
}

async function measureTail(transaction: Transaction<Schema>, publication: SnapshotPublication): Promise<void> {
  await transaction
    .updateTable('document_heads')
    .set((eb) => ({
      tail_bytes: eb
        .selectFrom('log_rows')
        .select(sql<number>`coalesce(sum(length(payload)), 0)`.as('bytes'))
        .where('document_id', '=', publication.documentId)
        .where('seq', '>', publication.snapshot.seq),
    }))
    .where('document_id', '=', publication.documentId)
    .execute();
}

async function list(database: Kysely<Schema>, documentId: DocumentId): Promise<readonly ListedSnapshot[]> {
  const rows = await database
    .selectFrom('snapshots')
    .select(['seq', 'at', 'bytes', 'sha256', 'key'])
    .where('document_id', '=', documentId)
    .orderBy('seq', 'desc')
    .execute();
  return rows.map(({ key, ...row }) => ({ ...row, place: key === null ? 'inline' : 'object' }));
}

async function retire(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  given: { readonly seqs: readonly number[]; readonly removableAt: number },
): Promise<void> {
  const removed = await transaction
    .deleteFrom('snapshots')
    .where('document_id', '=', documentId)
    .where('seq', 'in', given.seqs)
    .where('seq', '<>', (newest) =>
      newest.selectFrom('document_heads').select('snapshot_seq').where('document_id', '=', documentId),
    )
    .returning('key')
    .execute();
  await releaseObjects(
    transaction,
    removed.map(({ key }) => key),
    given.removableAt,
  );
}
