import type { Transaction } from 'kysely';
import type { AuditExport } from '../../ports/audit-log.ts';
import { appendAudit } from './append-audit.ts';
import type { Schema } from './schema.ts';

/** The server itself, for what nobody asked for. */
const SYSTEM = 'system';

/** Publishes an object by compare-and-set; the row that names it is part of the chain, as what it holds was. */
export async function noteExport(transaction: Transaction<Schema>, object: AuditExport): Promise<boolean> {
  const { chain, fromSeq, toSeq, key, sha256, bytes, lastHash, at } = object;
  const { numUpdatedRows } = await transaction
    .updateTable('audit_chains')
    .set({ exported_seq: toSeq })
    .where('tenant', '=', chain)
    .where('exported_seq', '=', fromSeq - 1)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await transaction
    .insertInto('audit_exports')
    .values({ tenant: chain, from_seq: fromSeq, to_seq: toSeq, key, sha256, bytes, last_hash: lastHash, at })
    .execute();
  const detail = { fromSeq, toSeq, key, sha256, lastHash };
  await appendAudit(transaction, chain, [{ user: SYSTEM, at, action: 'audit.export', detail }]);
  return true;
}

/** Removes what is exported, and writes down from which hash the rest goes on. */
export async function pruneChain(
  transaction: Transaction<Schema>,
  chain: string,
  { upToSeq, at }: { readonly upToSeq: number; readonly at: number },
): Promise<number> {
  // Held before anything is read, so that a prune that lost never moves the beginning back.
  await transaction
    .updateTable('audit_chains')
    .set((eb) => ({ head_seq: eb.ref('head_seq') }))
    .where('tenant', '=', chain)
    .execute();
  const last = await transaction
    .selectFrom('audit_rows')
    .innerJoin('audit_chains', 'audit_chains.tenant', 'audit_rows.tenant')
    .select(['audit_rows.seq', 'audit_rows.hash'])
    .where('audit_rows.tenant', '=', chain)
    .where('audit_rows.seq', '<=', upToSeq)
    .whereRef('audit_rows.seq', '<=', 'audit_chains.exported_seq')
    .orderBy('audit_rows.seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return 0;
  const detail = { upTo: last.seq, hash: last.hash };
  await appendAudit(transaction, chain, [{ user: SYSTEM, at, action: 'audit.prune', detail }]);
  // The triggers let go of rows up to here only.
  await transaction
    .updateTable('audit_chains')
    .set({ pruned_seq: last.seq, pruned_hash: last.hash })
    .where('tenant', '=', chain)
    .execute();
  const { numDeletedRows } = await transaction
    .deleteFrom('audit_rows')
    .where('tenant', '=', chain)
    .where('seq', '<=', last.seq)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
