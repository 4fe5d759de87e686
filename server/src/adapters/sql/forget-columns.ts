import type { Tenant } from '@scriptorium/shared/document-name';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ErasureCounts, ForgetOrder } from '../../ports/person-erasure.ts';
import type { Schema } from './schema.ts';

/** Rows of a long table that one transaction changes, so that nobody waits long for one of them. */
const ROWS = 500;

/** Columns of a tenant's tables that say who did something, with the columns that tell rows apart. */
const COLUMNS = [
  { kind: 'documentsMade', table: 'documents', column: 'created_by', key: ['id'] },
  { kind: 'publications', table: 'publications', column: 'author', key: ['document_id'] },
  { kind: 'webhooks', table: 'webhooks', column: 'created_by', key: ['id'] },
  { kind: 'grants', table: 'grants', column: 'created_by', key: ['tenant', 'subject_kind', 'subject_id', 'resource'] },
  { kind: 'apiKeys', table: 'api_keys', column: 'created_by', key: ['id'] },
  { kind: 'erasures', table: 'erasure_records', column: 'begun_by', key: ['id'] },
  { kind: 'erasures', table: 'erased_people', column: 'erased_by', key: ['tenant', 'pseudonym'] },
] as const;

/**
 * Goes over every column that may hold an id. What is inside of documents (rows, segments, bindings) is not here, and the
 * audit log, which nobody may change.
 */
export async function forgetColumns(database: Kysely<Schema>, order: ForgetOrder): Promise<ErasureCounts> {
  const counts: Record<string, number> = {};
  const take = async (kind: string, step: (transaction: Transaction<Schema>) => Promise<number>): Promise<void> => {
    for (let rows = ROWS; rows >= ROWS;) {
      rows = await database.transaction().execute(step);
      if (rows > 0) counts[kind] = (counts[kind] ?? 0) + rows;
    }
  };
  for (const place of COLUMNS) await take(place.kind, (transaction) => rename(transaction, order, place));
  await take('versions', (transaction) => renameVersions(transaction, order));
  await take('events', (transaction) => renameEvents(transaction, order));
  await take('grants', (transaction) => removeGrants(transaction, order));
  await take('changes', (transaction) => hideChanges(transaction, order));
  await take('revocations', (transaction) => removeRevocation(transaction, order));
  await take('requests', (transaction) => removeRequests(transaction, order));
  await take('jobs', (transaction) => removeJobs(transaction, order));
  await take('answers', (transaction) => renameInAnswers(transaction, order));
  return counts;
}

/** The next rows of a table in which a column is the id. */
async function rename(
  transaction: Transaction<Schema>,
  { tenant, user, pseudonym }: ForgetOrder,
  { table, column, key }: (typeof COLUMNS)[number],
): Promise<number> {
  const columns = sql.join(key.map((it) => sql.ref(it)));
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} set ${sql.ref(column)} = ${pseudonym}
    where (${columns}) in (
      select ${columns} from ${sql.table(table)}
      where tenant = ${tenant} and ${sql.ref(column)} = ${user} limit ${sql.lit(ROWS)}
    )`.execute(transaction);
  return Number(numAffectedRows ?? 0n);
}

async function renameVersions(
  transaction: Transaction<Schema>,
  { tenant, user, pseudonym }: ForgetOrder,
): Promise<number> {
  const { numUpdatedRows } = await transaction
    .updateTable('document_versions')
    .set({ author: pseudonym })
    .where('id', 'in', (versions) =>
      versions
        .selectFrom('document_versions as v')
        .innerJoin('documents', 'documents.id', 'v.document_id')
        .select('v.id')
        .where('documents.tenant', '=', tenant)
        .where('v.author', '=', user)
        .limit(ROWS),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Events say whose doing it was, and those of people who come and go what they are called, too. */
async function renameEvents(
  transaction: Transaction<Schema>,
  { tenant, user, pseudonym }: ForgetOrder,
): Promise<number> {
  const events = await transaction
    .selectFrom('outbox_events')
    .select(['document_id', 'number', 'facts'])
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .limit(ROWS)
    .execute();
  for (const { document_id: document, number, facts } of events) {
    const told = JSON.parse(facts) as Readonly<Record<string, unknown>>;
    const renamed = 'name' in told ? { ...told, name: pseudonym } : told;
    await transaction
      .updateTable('outbox_events')
      .set({ user_id: pseudonym, facts: JSON.stringify(renamed) })
      .where('document_id', '=', document)
      .where('number', '=', number)
      .execute();
  }
  return events.length;
}

/** What was given to them: no grant without somebody who has it. */
async function removeGrants(transaction: Transaction<Schema>, { tenant, user }: ForgetOrder): Promise<number> {
  const { numDeletedRows } = await transaction
    .deleteFrom('grants')
    .where('tenant', '=', tenant)
    .where('subject_kind', '=', 'user')
    .where('subject_id', '=', user)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Nodes that come late to these find the entry that hides the person behind them, and forget everything. */
async function hideChanges(
  transaction: Transaction<Schema>,
  { tenant, user, pseudonym }: ForgetOrder,
): Promise<number> {
  const { numUpdatedRows } = await transaction
    .updateTable('access_changes')
    .set({ subject_id: pseudonym })
    .where('revision', 'in', (changes) =>
      changes
        .selectFrom('access_changes')
        .select('revision')
        .where('tenant', '=', tenant)
        .where('subject_kind', '=', 'user')
        .where('subject_id', '=', user)
        .limit(ROWS),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

async function removeRevocation(transaction: Transaction<Schema>, { tenant, user }: ForgetOrder): Promise<number> {
  const { numDeletedRows } = await transaction
    .deleteFrom('user_revocations')
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Nobody can repeat a request of theirs any more. */
async function removeRequests(transaction: Transaction<Schema>, { tenant, user }: ForgetOrder): Promise<number> {
  const { numDeletedRows } = await transaction
    .deleteFrom('idempotent_requests')
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .where('key', 'in', (requests) =>
      requests
        .selectFrom('idempotent_requests')
        .select('key')
        .where('tenant', '=', tenant)
        .where('user_id', '=', user)
        .limit(ROWS),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Nobody may do what they asked for, nor ask what became of it. */
async function removeJobs(transaction: Transaction<Schema>, { tenant, user }: ForgetOrder): Promise<number> {
  const jobs = await transaction
    .selectFrom('jobs')
    .select('id')
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .limit(ROWS)
    .execute();
  if (jobs.length === 0) return 0;
  const ids = jobs.map(({ id }) => id);
  await transaction.deleteFrom('job_items').where('job_id', 'in', ids).execute();
  await transaction.deleteFrom('jobs').where('id', 'in', ids).execute();
  return jobs.length;
}

/** Answers to others that are kept for a repetition, and name the person: as who made something, or was given it. */
async function renameInAnswers(
  transaction: Transaction<Schema>,
  { tenant, user, pseudonym }: ForgetOrder,
): Promise<number> {
  // As they stand in JSON, without the quotes around them.
  const [before, after] = [JSON.stringify(user).slice(1, -1), JSON.stringify(pseudonym).slice(1, -1)];
  const texts = [
    [`"${before}"`, `"${after}"`],
    [`"user:${before}"`, `"user:${after}"`],
  ] as const;
  const rows = await selectAnswers(transaction, tenant, before);
  let renamed = 0;
  for (const { user_id: asker, key, answer } of rows) {
    const changed = texts.reduce((text, [from, to]) => text.replaceAll(from, to), answer ?? '');
    if (changed === answer) continue;
    renamed += 1;
    await transaction
      .updateTable('idempotent_requests')
      .set({ answer: changed })
      .where('tenant', '=', tenant)
      .where('user_id', '=', asker)
      .where('key', '=', key)
      .execute();
  }
  return renamed;
}

function selectAnswers(transaction: Transaction<Schema>, tenant: Tenant, text: string) {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return transaction
    .selectFrom('idempotent_requests')
    .select(['user_id', 'key', 'answer'])
    .where('tenant', '=', tenant)
    .where(sql<boolean>`answer like ${pattern} escape '\\'`)
    .execute();
}
