import { parseTenant } from '@scriptorium/shared/document-name';
import { recordAccessChanges } from './access-changes.ts';
import type { CopyEnd } from './copy-document.ts';

/** Copies grants, link secrets, revocations, API keys and webhooks (not what these are owed); what the target has already stays as it is there. */
export async function copyAccess(from: CopyEnd, to: CopyEnd): Promise<void> {
  const grants = await from.database.selectFrom('grants').selectAll().execute();
  const tables = ['grant_links', 'user_revocations', 'api_keys', 'webhooks'] as const;
  const others = await Promise.all(tables.map((table) => from.database.selectFrom(table).selectAll().execute()));
  await to.database.transaction().execute(async (transaction) => {
    for (const grant of grants) {
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto('grants')
        .values(grant)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      const tenant = parseTenant(grant.tenant);
      if (tenant === null || (numInsertedOrUpdatedRows ?? 0n) === 0n) continue;
      await recordAccessChanges(transaction, tenant, [{ kind: grant.subject_kind, id: grant.subject_id }]);
    }
    for (const [index, table] of tables.entries()) {
      for (const row of others[index] ?? []) {
        await transaction
          .insertInto(table)
          // The same columns on both sides, whichever table it is.
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    }
  });
}
