import { sql, type Transaction } from 'kysely';
import type { DocumentId, SnapshotPointer } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

interface Publication {
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly expectedSeq: number;
  readonly snapshot: SnapshotPointer;
}

/** Moves the document's snapshot pointer if key, epoch and old pointer are as expected; false, and nothing done, if not. */
export async function publishSnapshot(transaction: Transaction<Schema>, publication: Publication): Promise<boolean> {
  const moved =
    (await nameKey(transaction, publication)) &&
    (await holdHead(transaction, publication)) &&
    (await movePointer(transaction, publication));
  if (moved) await measureTail(transaction, publication);
  await unnameOthers(transaction, publication.documentId);
  return moved;
}

/** Keeps the sweeper off the key from now on; false when the sweeper had it already. */
async function nameKey(transaction: Transaction<Schema>, publication: Publication): Promise<boolean> {
  const result = await transaction
    .updateTable('snapshot_register')
    .set({ named: 1 })
    .where('key', '=', publication.snapshot.key)
    .where('document_id', '=', publication.documentId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Holds the head to the end of the transaction, so that nobody raises the epoch meanwhile; false when it is another. */
async function holdHead(transaction: Transaction<Schema>, publication: Publication): Promise<boolean> {
  const result = await transaction
    .updateTable('document_heads')
    .set((eb) => ({ epoch: eb.ref('epoch') }))
    .where('document_id', '=', publication.documentId)
    .where('epoch', '=', publication.epoch)
    .where('live', '=', 1)
    .where('head', '>=', publication.snapshot.seq)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The compare-and-set. */
async function movePointer(transaction: Transaction<Schema>, publication: Publication): Promise<boolean> {
  const { documentId, expectedSeq, snapshot } = publication;
  const { seq, key, sha256, bytes } = snapshot;
  const none = { previous_seq: null, previous_key: null, previous_sha256: null, previous_bytes: null };
  if (expectedSeq === 0) {
    const result = await transaction
      .insertInto('document_snapshots')
      .values({ document_id: documentId, seq, key, sha256, bytes, ...none })
      .onConflict((conflict) => conflict.column('document_id').doNothing())
      .executeTakeFirst();
    return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const result = await transaction
    .updateTable('document_snapshots')
    .set((eb) => ({
      seq,
      key,
      sha256,
      bytes,
      previous_seq: eb.ref('seq'),
      previous_key: eb.ref('key'),
      previous_sha256: eb.ref('sha256'),
      previous_bytes: eb.ref('bytes'),
    }))
    .where('document_id', '=', documentId)
    .where('seq', '=', expectedSeq)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

async function measureTail(transaction: Transaction<Schema>, publication: Publication): Promise<void> {
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

/**
 * Gives the sweeper every key of the document that no pointer names: the one pushed out, or the one that came too late.
 * One statement, so that keys and pointers are of one moment: who comes too late holds neither head nor pointer.
 */
async function unnameOthers(transaction: Transaction<Schema>, documentId: DocumentId): Promise<void> {
  await transaction
    .updateTable('snapshot_register')
    .set({ named: 0 })
    .where('document_id', '=', documentId)
    .where('named', '=', 1)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('document_snapshots as pointers')
            .select('pointers.document_id')
            .whereRef('pointers.document_id', '=', 'snapshot_register.document_id')
            .where((eb) =>
              eb.or([
                eb('pointers.key', '=', eb.ref('snapshot_register.key')),
                eb('pointers.previous_key', '=', eb.ref('snapshot_register.key')),
              ]),
            ),
        ),
      ),
    )
    .execute();
}
