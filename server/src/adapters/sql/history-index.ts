import type { Kysely, Transaction } from 'kysely';
import type { HistoryIndex, HistorySegment, ListedSegment } from '../../ports/history-index.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { attempt } from './attempt.ts';
import { nameObject } from './object-register.ts';
import type { Schema } from './schema.ts';
import { checkReadBack, toColumns, toPlace } from './stored-place.ts';

/** The index of history segments on any SQL engine. */
export function createHistoryIndex({ database }: { readonly database: Kysely<Schema> }): HistoryIndex {
  return {
    readProgress: async (documentId) => {
      const row = await database
        .selectFrom('document_heads as heads')
        .innerJoin('documents', 'documents.id', 'heads.document_id')
        .select(['documents.tenant', 'heads.epoch', 'heads.head'])
        .select(['heads.snapshot_seq as snapshotSeq', 'heads.archived_seq as archivedSeq'])
        .where('heads.document_id', '=', documentId)
        .where('heads.live', '=', 1)
        .executeTakeFirst();
      return row ?? null;
    },
    publish: (documentId, segment, epoch) =>
      attempt(database, (transaction) => publish(transaction, { documentId, segment, epoch })),
    list: (documentId, after, limit) => list(database, documentId, { after, limit }),
    findAnew: (documentId, toSeq) => findAnew(database, documentId, toSeq),
    locate: async (documentId, toSeq) => {
      const row = await database
        .selectFrom('history_segments')
        .select(['key', 'content'])
        .where('document_id', '=', documentId)
        .where('to_seq', '=', toSeq)
        .executeTakeFirst();
      return row === undefined ? null : toPlace(row);
    },
  };
}

interface Publication {
  readonly documentId: DocumentId;
  readonly segment: HistorySegment;
  readonly epoch: number;
}

async function publish(
  transaction: Transaction<Schema>,
  { documentId, segment, epoch }: Publication,
): Promise<boolean> {
  const moved = await transaction
    .updateTable('document_heads')
    .set({ archived_seq: segment.toSeq })
    .where('document_id', '=', documentId)
    .where('live', '=', 1)
    .where('epoch', '=', epoch)
    .where('head', '>=', segment.toSeq)
    .where('archived_seq', '=', segment.fromSeq - 1)
    .executeTakeFirst();
  if (moved.numUpdatedRows === 0n) return false;
  const { place } = segment;
  if (place.kind === 'object' && !(await nameObject(transaction, documentId, place.key))) return false;
  await transaction
    .insertInto('history_segments')
    .values({
      document_id: documentId,
      from_seq: segment.fromSeq,
      to_seq: segment.toSeq,
      first_at: segment.firstAt,
      last_at: segment.lastAt,
      ...toStoredColumns(segment),
    })
    .execute();
  if (place.kind === 'inline') await readBackSegment(transaction, documentId, segment);
  return true;
}

/** The columns that say where a segment's bytes are, and what they have to be. */
export function toStoredColumns({ bytes, rawBytes, sha256, place }: HistorySegment) {
  return { bytes, raw_bytes: rawBytes, sha256, ...toColumns(place) };
}

/** Checks inline bytes in the transaction that wrote them. Throws, so that it is rolled back. */
export async function readBackSegment(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  segment: HistorySegment,
): Promise<void> {
  const stored = await transaction
    .selectFrom('history_segments')
    .select('content')
    .where('document_id', '=', documentId)
    .where('to_seq', '=', segment.toSeq)
    .executeTakeFirst();
  checkReadBack(stored?.content, segment.sha256);
}

async function list(
  database: Kysely<Schema>,
  documentId: DocumentId,
  range: { readonly after: number; readonly limit: number },
): Promise<readonly ListedSegment[]> {
  const rows = await database
    .selectFrom('history_segments')
    .select(['from_seq as fromSeq', 'to_seq as toSeq', 'first_at as firstAt', 'last_at as lastAt'])
    .select(['bytes', 'raw_bytes as rawBytes', 'sha256', 'key'])
    .where('document_id', '=', documentId)
    .where('to_seq', '>', range.after)
    .orderBy('to_seq')
    .limit(range.limit)
    .execute();
  return rows.map(({ key, ...row }) => ({ ...row, place: key === null ? 'inline' : 'object' }));
}

async function findAnew(
  database: Kysely<Schema>,
  documentId: DocumentId,
  toSeq: number,
): Promise<HistorySegment | null> {
  const row = await database
    .selectFrom('history_segments')
    .select(['from_seq as fromSeq', 'to_seq as toSeq', 'first_at as firstAt', 'last_at as lastAt'])
    .select(['bytes', 'raw_bytes as rawBytes', 'sha256', 'key', 'content'])
    .where('document_id', '=', documentId)
    .where('to_seq', '=', toSeq)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { key, content, ...segment } = row;
  const place = toPlace({ key, content });
  return place === null ? null : { ...segment, place };
}
