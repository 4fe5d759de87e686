import type { Transaction } from 'kysely';
import { parseTenant } from '@scriptorium/shared/document-name';
import type { PersonErasure } from '../../ports/person-erasure.ts';
import { recordAccessChanges } from './access-changes.ts';
import type { CopyEnd } from './copy-document.ts';
import type { ErasedPeopleTable, ErasureKeysTable } from './erased-schema.ts';
import type { Schema } from './schema.ts';

/**
 * Copies grants, link secrets, revocations, API keys, webhooks (not what these are owed) and who was erased; what the target
 * has already stays as it is there.
 */
export async function copyAccess(from: CopyEnd, to: CopyEnd): Promise<void> {
  const grants = await from.database.selectFrom('grants').selectAll().execute();
  const tables = ['grant_links', 'user_revocations', 'api_keys', 'webhooks', 'erasure_records'] as const;
  const others = await Promise.all(tables.map((table) => from.database.selectFrom(table).selectAll().execute()));
  const keys = await from.database.selectFrom('erasure_keys').selectAll().orderBy('place').execute();
  await to.database.transaction().execute(async (transaction) => {
    for (const key of keys) await copyErasureKey(transaction, key);
    await copyErased(from, transaction);
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

/** Hashes cannot be made anew without the ids, so their key comes along, behind those that the target has. */
async function copyErasureKey(transaction: Transaction<Schema>, key: ErasureKeysTable): Promise<void> {
  const there = await transaction
    .selectFrom('erasure_keys')
    .selectAll()
    .where('tenant', '=', key.tenant)
    .orderBy('place')
    .execute();
  if (there.some(({ secret }) => Buffer.compare(secret, key.secret) === 0)) return;
  const place = (there.at(-1)?.place ?? -1) + 1;
  await transaction
    .insertInto('erasure_keys')
    .values({ ...key, place })
    .execute();
}

/** One that is under way goes on in the target from its beginning, with the job that knows whom it is about. */
async function copyErased(from: CopyEnd, transaction: Transaction<Schema>): Promise<void> {
  const erased = await from.database.selectFrom('erased_people').selectAll().execute();
  for (const person of erased) {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('erased_people')
      .values({ ...person, progress: beginAgain(person) })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (person.finished_at !== null || (numInsertedOrUpdatedRows ?? 0n) === 0n) continue;
    const job = await from.database.selectFrom('jobs').selectAll().where('id', '=', person.job_id).executeTakeFirst();
    if (job === undefined) continue;
    const items = await from.database.selectFrom('job_items').selectAll().where('job_id', '=', job.id).execute();
    await transaction
      .insertInto('jobs')
      .values({ ...job, claim: null, claimed_until: 0 })
      .execute();
    await transaction.insertInto('job_items').values(items).execute();
  }
}

/** Documents have other ids in the target. */
function beginAgain({ progress }: ErasedPeopleTable): string {
  const { pass, ...rest } = JSON.parse(progress) as PersonErasure['progress'];
  return JSON.stringify({ ...rest, pass, stage: 'columns', after: 0, found: 1 } satisfies PersonErasure['progress']);
}
