import { hash } from 'node:crypto';
import { AUDIT_CHAIN_START, AUDIT_REGISTER, auditLinkText } from '@scriptorium/shared/audit-chain';
import type { Transaction } from 'kysely';
import type { AuditEntry } from '../../ports/audit-log.ts';
import type { AuditRowsTable } from './audit-schema.ts';
import type { Schema } from './schema.ts';

/** Rows in one statement, below every engine's limit on parameters. */
const ROWS_PER_STATEMENT = 50;

/**
 * Writes entries into a tenant's chain within the transaction that makes the change they tell of: both are committed or
 * neither is. The chain's row stays locked to the end of the transaction, so rows are numbered in the order of commits;
 * take it late, for a short wait: behind all rows of the change and before `recordAccessChanges`, as everywhere, so that no
 * two changes wait for one another.
 */
export async function appendAudit(
  transaction: Transaction<Schema>,
  chain: string,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const { isNew, ...before } = await holdChain(transaction, chain, entries.length);
  const rows = linkEntries(chain, before, entries);
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    await transaction
      .insertInto('audit_rows')
      .values(rows.slice(start, start + ROWS_PER_STATEMENT))
      .execute();
  }
  await transaction
    .updateTable('audit_chains')
    .set({ head_hash: rows.at(-1)?.hash ?? before.hash })
    .where('tenant', '=', chain)
    .execute();
  if (isNew && chain !== AUDIT_REGISTER) await registerChain(transaction, chain, entries[0]?.at ?? 0);
}

/** Takes hold of a chain, made if need be, and raises its number; where it stood before. */
async function holdChain(transaction: Transaction<Schema>, chain: string, count: number) {
  const row = await transaction
    .insertInto('audit_chains')
    .values({
      tenant: chain,
      head_seq: count,
      head_hash: AUDIT_CHAIN_START,
      exported_seq: 0,
      pruned_seq: 0,
      pruned_hash: AUDIT_CHAIN_START,
    })
    .onConflict((conflict) =>
      conflict.column('tenant').doUpdateSet((eb) => ({ head_seq: eb('audit_chains.head_seq', '+', count) })),
    )
    .returning(['head_seq', 'head_hash'])
    .executeTakeFirstOrThrow();
  const seq = row.head_seq - count;
  return { seq, hash: row.head_hash, isNew: seq === 0 };
}

function linkEntries(
  chain: string,
  before: { readonly seq: number; readonly hash: string },
  entries: readonly AuditEntry[],
): readonly AuditRowsTable[] {
  let previous = before.hash;
  return entries.map((entry, index) => {
    const { user: actor, at, action, document = null, subject = null, detail = {} } = entry;
    const told = { seq: before.seq + index + 1, at, actor, action, document, subject, detail: JSON.stringify(detail) };
    previous = hash('sha256', auditLinkText(previous, { chain, ...told }), 'hex');
    return { tenant: chain, ...told, hash: previous };
  });
}

/** A chain that vanished as a whole would be missed by nobody, if no other one told of it. */
async function registerChain(transaction: Transaction<Schema>, chain: string, at: number): Promise<void> {
  await appendAudit(transaction, AUDIT_REGISTER, [
    { user: 'system', at, action: 'audit.begin', subject: `tenant:${chain}` },
  ]);
}
