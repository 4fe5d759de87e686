import { hash } from 'node:crypto';
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql, type Transaction } from 'kysely';
import type { AuthorshipChange, RowReplacement, Seal, SegmentReplacement } from '../../ports/authorship-store.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { readBackSegment, toStoredColumns } from './history-index.ts';
import { nameObject, releaseObjects } from './object-register.ts';
import type { Schema } from './schema.ts';

/** Whether a column of bytes holds some others, in an engine's own words. */
export type HoldsBytes = (column: Expression<Uint8Array | null>, bytes: Uint8Array) => Expression<SqlBool>;

export interface AuthorshipDeps {
  readonly database: Kysely<Schema>;
  readonly holds: HoldsBytes;
}

/** Bytes of a payload's SHA-256 that its row keeps. */
const SUM_BYTES = 16;

interface Replacing {
  readonly documentId: DocumentId;
  readonly change: AuthorshipChange;
}

/**
 * Makes a change; false when it must be taken back. The head is taken first, as appends, snapshots and archivers do, so
 * that what they count and compare stays right.
 */
export async function replaceAuthorship(
  transaction: Transaction<Schema>,
  { holds }: Pick<AuthorshipDeps, 'holds'>,
  { documentId, change }: Replacing,
): Promise<boolean> {
  const { epoch, rows, segment, seal } = change;
  const head = await transaction
    .updateTable('document_heads')
    .set({ epoch: seal === null ? epoch : sql<number>`epoch + live` })
    .where('document_id', '=', documentId)
    .where('epoch', '=', epoch)
    .returning('snapshot_seq')
    .executeTakeFirst();
  if (head === undefined) return false;
  let grown = 0;
  for (const row of rows) {
    const growth = await replaceRow(transaction, documentId, row);
    if (row.seq > head.snapshot_seq) grown += growth;
  }
  if (grown !== 0) {
    await transaction
      .updateTable('document_heads')
      .set((eb) => ({ tail_bytes: eb('tail_bytes', '+', grown) }))
      .where('document_id', '=', documentId)
      .execute();
  }
  if (segment !== null && !(await replaceSegment(transaction, documentId, segment))) return false;
  return seal === null || applySeal({ transaction, holds }, documentId, seal);
}

/** How many bytes more the row has now. */
async function replaceRow(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { seq, sum, bytes, payload, isIntact }: RowReplacement,
): Promise<number> {
  const now = isIntact ? hash('sha256', payload, 'buffer').subarray(0, SUM_BYTES) : sum;
  const changed = await transaction
    .updateTable('log_rows')
    .set({ payload, sum: now })
    .where('document_id', '=', documentId)
    .where('seq', '=', seq)
    .where('sum', '=', sum)
    .executeTakeFirst();
  return changed.numUpdatedRows === 0n ? 0 : payload.byteLength - bytes;
}

async function replaceSegment(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { sha256, segment, removableAt }: SegmentReplacement,
): Promise<boolean> {
  const { fromSeq, toSeq, place } = segment;
  const row = (eb: ExpressionBuilder<Schema, 'history_segments'>) =>
    eb.and([eb('document_id', '=', documentId), eb('from_seq', '=', fromSeq), eb('to_seq', '=', toSeq)]);
  const before = await transaction
    .selectFrom('history_segments')
    .select('key')
    .where(row)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (before === undefined) return false;
  if (place.kind === 'object' && !(await nameObject(transaction, documentId, place.key))) return false;
  const changed = await transaction
    .updateTable('history_segments')
    .set(toStoredColumns(segment))
    .where(row)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) return false;
  if (place.kind === 'inline') await readBackSegment(transaction, documentId, segment);
  await releaseObjects(transaction, [before.key], removableAt);
  return true;
}

async function applySeal(
  { transaction, holds }: { readonly transaction: Transaction<Schema>; readonly holds: HoldsBytes },
  documentId: DocumentId,
  { bytes, after, from, to }: Seal,
): Promise<boolean> {
  const above = await transaction
    .selectFrom('log_rows')
    .select('seq')
    .where('document_id', '=', documentId)
    .where('seq', '>', after)
    .where((eb) => holds(eb.ref('payload'), bytes))
    .limit(1)
    .executeTakeFirst();
  if (above !== undefined) return false;
  const rest = transaction.updateTable('client_bindings').set({ user_id: to });
  await rest.where('document_id', '=', documentId).where('user_id', '=', from).execute();
  return true;
}
