import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { ErasedPart, ErasureRecord, ErasureStore } from '../../ports/erasure-store.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { appendAudit } from './append-audit.ts';
import { purgeDocument } from './log-upkeep.ts';
import { recordEvent } from './outbox-events.ts';
import type { ErasureRecordsTable } from './outbox-schema.ts';
import { OBJECT_STATE, type Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Milliseconds after which a key that was handed out for removal is handed out again. */
const REMOVAL_LIFETIME = 10 * 60 * 1_000;
const LIST_LIMIT = 100;

/** Erasures on any SQL engine that Kysely speaks to. */
export function createErasureStore({ database, readFor = readFreely(database) }: TenantStoreDeps): ErasureStore {
  return {
    begin: (name, record) => database.transaction().execute((transaction) => begin(transaction, name, record)),
    erasePart: (documentId, options) =>
      database.transaction().execute((transaction) => erasePart(transaction, documentId, options)),
    note: (id, counts, finishedAt) =>
      database.transaction().execute((transaction) => note(transaction, { id, counts, finishedAt })),
    listUnfinished: async (limit) => {
      const rows = await database
        .selectFrom('erasure_records')
        .selectAll()
        .where('finished_at', 'is', null)
        .where('kind', '=', 'document')
        .orderBy('begun_at')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },
    list: (tenant) =>
      readFor(tenant, async (reads) => {
        const latest = recordsOf(reads, tenant).orderBy('begun_at', 'desc').orderBy('id').limit(LIST_LIMIT);
        return (await latest.execute()).map(toRecord);
      }),
    read: (tenant, id) =>
      readFor(tenant, async (reads) => {
        const row = await recordsOf(reads, tenant).where('id', '=', id).executeTakeFirst();
        return row === undefined ? null : toRecord(row);
      }),
  };
}

function recordsOf(database: Kysely<Schema>, tenant: Tenant) {
  return database.selectFrom('erasure_records').selectAll().where('tenant', '=', tenant);
}

async function begin(
  transaction: Transaction<Schema>,
  name: DocumentName,
  record: Parameters<ErasureStore['begin']>[1],
): Promise<ErasureRecord | null> {
  const documents = await transaction
    .selectFrom('documents')
    .select('id')
    .where('tenant', '=', record.tenant)
    .where('name', '=', name)
    .where('deleted_at', 'is not', null)
    .orderBy('id')
    .execute();
  if (documents.length === 0) return null;
  const begun: ErasureRecord = {
    ...record,
    kind: 'document',
    pseudonym: null,
    finishedAt: null,
    documentIds: documents.map(({ id }) => id),
    counts: {},
  };
  await transaction
    .insertInto('erasure_records')
    .values({
      id: begun.id,
      tenant: begun.tenant,
      kind: begun.kind,
      subject_hash: begun.subjectHash,
      begun_at: begun.begunAt,
      begun_by: begun.begunBy,
      finished_at: null,
      facts: JSON.stringify({ documentIds: begun.documentIds, counts: {} }),
    })
    .execute();
  const { begunBy: user, begunAt: at } = begun;
  await appendAudit(transaction, begun.tenant, [
    { user, at, action: 'document.erase', document: name, subject: `erasure:${begun.id}` },
  ]);
  return begun;
}

async function erasePart(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<ErasedPart> {
  const purged = await purgeDocument(transaction, documentId, { limit, at: now });
  if (purged.kind === 'live') return { counts: {}, keys: [], isMore: false };
  const counts = { rows: purged.rows };
  if (!purged.done) return { counts, keys: [], isMore: true };
  const events = await eraseEvents(transaction, documentId, limit);
  const keys = await takeKeys(transaction, documentId, { limit, now });
  const left = await transaction
    .selectFrom('object_register')
    .select('key')
    .where('document_id', '=', documentId)
    .limit(1)
    .execute();
  return { counts: { ...counts, events, objects: keys.length }, keys, isMore: left.length > 0 || events === limit };
}

/** What was told of the document, but for its end, which may still be on its way. */
async function eraseEvents(transaction: Transaction<Schema>, documentId: DocumentId, limit: number): Promise<number> {
  const events = await transaction
    .selectFrom('outbox_events')
    .select('number')
    .where('document_id', '=', documentId)
    .where('type', 'not in', ['document.deleted', 'document.erased'])
    .limit(limit)
    .execute();
  if (events.length === 0) return 0;
  const numbers = events.map(({ number }) => number);
  for (const table of ['webhook_deliveries', 'outbox_events'] as const) {
    await transaction.deleteFrom(table).where('document_id', '=', documentId).where('number', 'in', numbers).execute();
  }
  return numbers.length;
}

async function takeKeys(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<readonly string[]> {
  const taken = await transaction
    .updateTable('object_register')
    .set({ state: OBJECT_STATE.taken, expires_at: now + REMOVAL_LIFETIME })
    .where('key', 'in', (expired) =>
      expired
        .selectFrom('object_register')
        .select('key')
        .where('document_id', '=', documentId)
        .where('state', '<>', sql.lit(OBJECT_STATE.named))
        .where('expires_at', '<=', now)
        .limit(limit),
    )
    .returning('key')
    .execute();
  return taken.map(({ key }) => key);
}

async function note(
  transaction: Transaction<Schema>,
  noted: Pick<ErasureRecord, 'id' | 'counts' | 'finishedAt'>,
): Promise<void> {
  const ended = await addCounts(transaction, noted);
  // Told once, and when it is true.
  if (ended !== null) await tellOfEnd(transaction, ended.record, ended.at);
}

/** Adds to the counts of a record, and ends it with a time; what ended with this call, or `null`. */
export async function addCounts(
  transaction: Transaction<Schema>,
  noted: Pick<ErasureRecord, 'id' | 'counts' | 'finishedAt'>,
): Promise<{ readonly record: ErasureRecord; readonly at: number } | null> {
  // Takes hold of the row: several nodes may go on with one erasure.
  const row = await transaction
    .updateTable('erasure_records')
    .set((eb) => ({ kind: eb.ref('kind') }))
    .where('id', '=', noted.id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const facts = JSON.parse(row.facts) as Facts;
  const counts: Record<string, number> = { ...facts.counts };
  for (const [kind, count] of Object.entries(noted.counts)) counts[kind] = (counts[kind] ?? 0) + count;
  const finishedAt = row.finished_at ?? noted.finishedAt;
  await transaction
    .updateTable('erasure_records')
    .set({ finished_at: finishedAt, facts: JSON.stringify({ ...facts, counts }) })
    .where('id', '=', noted.id)
    .execute();
  return row.finished_at === null && finishedAt !== null ? { record: toRecord(row), at: finishedAt } : null;
}

async function tellOfEnd(transaction: Transaction<Schema>, record: ErasureRecord, at: number): Promise<void> {
  const { id: erasure, tenant, begunBy: user } = record;
  const documents = await transaction
    .selectFrom('documents')
    .select(['id', 'name'])
    .where('id', 'in', [...record.documentIds])
    .orderBy('id')
    .execute();
  for (const document of documents) {
    // Parsed before it was stored.
    const about = { tenant, documentId: document.id, name: document.name as DocumentName };
    await recordEvent(transaction, { ...about, type: 'document.erased', at, user, facts: { erasure } });
  }
}

type Facts = Pick<ErasureRecord, 'documentIds' | 'counts'> & { readonly pseudonym?: string };

function toRecord(row: Selectable<ErasureRecordsTable>): ErasureRecord {
  const { documentIds, counts, pseudonym = null } = JSON.parse(row.facts) as Facts;
  return {
    id: row.id,
    tenant: row.tenant as Tenant,
    kind: row.kind,
    pseudonym,
    subjectHash: row.subject_hash,
    begunAt: row.begun_at,
    begunBy: row.begun_by,
    finishedAt: row.finished_at,
    documentIds,
    counts,
  };
}
