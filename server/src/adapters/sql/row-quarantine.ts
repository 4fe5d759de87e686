import { hash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { QuarantinedRow, RowDamage, RowQuarantine, RowRepair } from '../../ports/row-quarantine.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

/** Bytes of a payload's SHA-256 that its row keeps. */
const SUM_BYTES = 16;

/** Rows that were set aside, on any SQL engine. */
export function createRowQuarantine({ database }: { readonly database: Kysely<Schema> }): RowQuarantine {
  return {
    setAside: (documentId, repair) =>
      database.transaction().execute(async (transaction) => {
        const epoch = await raiseEpoch(transaction, documentId, repair.epoch);
        if (epoch === null) return null;
        for (const row of repair.rows) await replaceRow(transaction, documentId, { ...row, at: repair.at });
        return epoch;
      }),
    list: async (documentId): Promise<readonly QuarantinedRow[]> => {
      const rows = await database
        .selectFrom('quarantined_rows')
        .select(['seq', 'at', 'damage', 'payload', 'sum', 'set_aside_at as setAsideAt'])
        .where('document_id', '=', documentId)
        .orderBy('seq')
        .orderBy('id')
        .execute();
      // Only `replaceRow` writes it.
      return rows.map((row) => ({ ...row, damage: row.damage as RowDamage }));
    },
  };
}

async function raiseEpoch(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  expected: number,
): Promise<number | null> {
  const head = await transaction
    .updateTable('document_heads')
    .set({ epoch: expected + 1 })
    .where('document_id', '=', documentId)
    .where('epoch', '=', expected)
    .where('live', '=', 1)
    .returning('epoch')
    .executeTakeFirst();
  return head?.epoch ?? null;
}

async function replaceRow(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  repair: RowRepair & { readonly at: number },
): Promise<void> {
  const { seq, damage, replacement: payload, at } = repair;
  const sum = hash('sha256', payload, 'buffer').subarray(0, SUM_BYTES);
  const found = await transaction
    .selectFrom('log_rows')
    .select(['at', 'sum', 'payload'])
    .where('document_id', '=', documentId)
    .where('seq', '=', seq)
    .executeTakeFirst();
  await transaction
    .insertInto('quarantined_rows')
    .values({
      document_id: documentId,
      seq,
      at: found?.at ?? at,
      damage,
      sum: found?.sum ?? null,
      payload: found?.payload ?? null,
      set_aside_at: at,
    })
    .execute();
  if (found === undefined) {
    // No writer has the number 0, so no flush that is tried again takes it for its own.
    const row = { document_id: documentId, seq, at, writer: 0, flush: 0, sum, payload };
    await transaction.insertInto('log_rows').values(row).execute();
    return;
  }
  await transaction
    .updateTable('log_rows')
    .set({ sum, payload })
    .where('document_id', '=', documentId)
    .where('seq', '=', seq)
    .execute();
}
