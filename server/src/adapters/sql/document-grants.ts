import type { Transaction } from 'kysely';
import type { ChangedSubject } from '../../ports/access-changes.ts';
import type { AuditEntry } from '../../ports/audit-log.ts';
import { recordAccessChanges } from './access-changes.ts';
import { appendAudit } from './append-audit.ts';
import type { NameKey } from './document-names.ts';
import type { Schema } from './schema.ts';

/** Lets the grants on a document's name go along to its new one, within the transaction that renames it, and says so. */
export async function moveGrants(
  transaction: Transaction<Schema>,
  { from, to }: { readonly from: NameKey; readonly to: NameKey },
  entry: AuditEntry,
): Promise<void> {
  // What was left at the new name was about another document.
  const ended = await endGrants(transaction, to);
  const moved = await takeGrants(transaction, from);
  for (const row of moved) {
    await transaction
      .insertInto('grants')
      .values({ ...row, resource: to.name })
      .execute();
  }
  await announce(transaction, from, { entry, rows: [...ended, ...moved] });
}

/** Ends the grants on a document's name and the links to it, within the transaction that deletes it, and says so. */
export async function dropGrants(transaction: Transaction<Schema>, key: NameKey, entry: AuditEntry): Promise<void> {
  await announce(transaction, key, { entry, rows: await endGrants(transaction, key) });
}

async function endGrants(transaction: Transaction<Schema>, key: NameKey) {
  const ended = await takeGrants(transaction, key);
  for (const { subject_kind: kind, subject_id: id } of ended) {
    if (kind === 'link') await transaction.deleteFrom('grant_links').where('id', '=', id).execute();
  }
  return ended;
}

function takeGrants(transaction: Transaction<Schema>, { tenant, name }: NameKey) {
  return transaction
    .deleteFrom('grants')
    .where('tenant', '=', tenant)
    .where('resource', '=', name)
    .returningAll()
    .execute();
}

interface Announcement {
  readonly entry: AuditEntry;
  readonly rows: readonly { readonly subject_kind: 'user' | 'group' | 'link'; readonly subject_id: string }[];
}

async function announce(
  transaction: Transaction<Schema>,
  { tenant }: NameKey,
  { entry, rows }: Announcement,
): Promise<void> {
  // Behind the grants and before the list of changes, in the order in which every change takes hold of them.
  await appendAudit(transaction, tenant, [entry]);
  if (rows.length === 0) return;
  const subjects: ChangedSubject[] = rows.map((row) => ({ kind: row.subject_kind, id: row.subject_id }));
  await recordAccessChanges(transaction, tenant, subjects);
}
