import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Kysely, Transaction } from 'kysely';
import type {
  DocumentPage,
  ErasureEnd,
  OwnDocument,
  PersonErasure,
  PersonErasureStore,
} from '../../ports/person-erasure.ts';
import { appendAudit } from './append-audit.ts';
import { toPerson } from './erased-people.ts';
import { addCounts } from './erasure-store.ts';
import { forgetColumns } from './forget-columns.ts';
import type { Schema } from './schema.ts';

/** The store's side of erasing people, on any SQL engine that Kysely speaks to. */
export function createPersonErasureStore({ database }: { readonly database: Kysely<Schema> }): PersonErasureStore {
  return {
    read: (tenant, pseudonym) => read(database, tenant, pseudonym),
    forgetColumns: (order) => forgetColumns(database, order),
    listDocuments: async (tenant, after, limit) => {
      const rows = await database
        .selectFrom('documents')
        .select('id')
        .where('tenant', '=', tenant)
        .where('purged_at', 'is', null)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
    listBoundDocuments: async (tenant, pseudonym) => {
      const rows = await database
        .selectFrom('client_bindings')
        .innerJoin('documents', 'documents.id', 'client_bindings.document_id')
        .select('documents.id')
        .distinct()
        .where('documents.tenant', '=', tenant)
        .where('client_bindings.user_id', '=', pseudonym)
        .orderBy('documents.id')
        .execute();
      return rows.map(({ id }) => id);
    },
    listOwnDocuments: (tenant, pseudonym, page) => listOwnDocuments(database, { tenant, pseudonym }, page),
    note: (erasure, progress, counts) =>
      database.transaction().execute(async (transaction) => {
        const isOurs = await moveOn(transaction, erasure, { progress: JSON.stringify(progress) });
        if (isOurs) await addCounts(transaction, { id: erasure.person.recordId, counts, finishedAt: null });
        return isOurs;
      }),
    finish: (erasure, end) => database.transaction().execute((transaction) => finish(transaction, erasure, end)),
  };
}

async function listOwnDocuments(
  database: Kysely<Schema>,
  { tenant, pseudonym }: { readonly tenant: Tenant; readonly pseudonym: string },
  { after, limit }: DocumentPage,
): Promise<readonly OwnDocument[]> {
  const rows = await database
    .selectFrom('documents')
    .select(['id', 'name'])
    .where('tenant', '=', tenant)
    .where('created_by', '=', pseudonym)
    .where('purged_at', 'is', null)
    .where('id', '>', after)
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('client_bindings')
            .select('client')
            .whereRef('document_id', '=', 'documents.id')
            .where('user_id', '<>', pseudonym),
        ),
      ),
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  // Parsed before it was stored.
  return rows.map(({ id, name }) => ({ id, name: name as DocumentName }));
}

async function read(database: Kysely<Schema>, tenant: Tenant, pseudonym: string): Promise<PersonErasure | null> {
  const row = await database
    .selectFrom('erased_people')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('pseudonym', '=', pseudonym)
    .executeTakeFirst();
  if (row === undefined) return null;
  // Written by this file.
  const progress = JSON.parse(row.progress) as PersonErasure['progress'];
  return { person: toPerson(row), progress, revision: row.revision };
}

/** Writes the next step, unless somebody else wrote one since it was read. */
async function moveOn(
  transaction: Transaction<Schema>,
  { person, revision }: PersonErasure,
  change: { readonly progress?: string; readonly finished_at?: number },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('erased_people')
    .set({ ...change, revision: revision + 1 })
    .where('tenant', '=', person.tenant)
    .where('pseudonym', '=', person.pseudonym)
    .where('revision', '=', revision)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function finish(
  transaction: Transaction<Schema>,
  erasure: PersonErasure,
  { at, content, outcome }: ErasureEnd,
): Promise<boolean> {
  const { tenant, pseudonym, recordId } = erasure.person;
  if (!(await moveOn(transaction, erasure, { finished_at: at }))) return false;
  const { job_id: job } = await transaction
    .selectFrom('erased_people')
    .select('job_id')
    .where('tenant', '=', tenant)
    .where('pseudonym', '=', pseudonym)
    .executeTakeFirstOrThrow();
  // The last place where the id was.
  await transaction.updateTable('job_items').set({ request: '', outcome }).where('job_id', '=', job).execute();
  await addCounts(transaction, { id: recordId, counts: {}, finishedAt: at });
  const detail = { erasure: recordId, content, finished: true };
  const entry = { user: 'system', at, action: 'user.erase', subject: `user:${pseudonym}`, detail } as const;
  await appendAudit(transaction, tenant, [entry]);
  return true;
}
