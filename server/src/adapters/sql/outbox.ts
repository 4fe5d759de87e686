import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Listeners, NewEvent, Outbox, OutboxPosition, UnannouncedPage } from '../../ports/outbox.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { holdEvents, recordEvent, toStoredEvent } from './outbox-events.ts';
import type { Schema } from './schema.ts';

/** The outbox on any SQL engine that Kysely speaks to. */
export function createOutbox({ database }: { readonly database: Kysely<Schema> }): Outbox {
  return {
    record: (event) => database.transaction().execute((transaction) => recordWhileLive(transaction, event)),
    announceChange: (documentId, at) =>
      database.transaction().execute((transaction) => announceChange(transaction, documentId, at)),
    readEvents: async (documentId, after, limit) => {
      const rows = await database
        .selectFrom('outbox_events')
        .selectAll()
        .where('document_id', '=', documentId)
        .where('number', '>', after)
        .orderBy('number')
        .limit(limit)
        .execute();
      return rows.map(toStoredEvent);
    },
    readPositions: (documentIds) => readPositions(database, documentIds),
    listUnannounced: (after, page) => listUnannounced(database, after, page),
    readListeners: () => readListeners(database),
    removeOld: (before, limit) => removeOld(database, before, limit),
  };
}

async function recordWhileLive(transaction: Transaction<Schema>, event: NewEvent): Promise<boolean> {
  await holdEvents(transaction, event.documentId);
  if ((await readHead(transaction, event.documentId)) === null) return false;
  await recordEvent(transaction, event);
  return true;
}

async function announceChange(transaction: Transaction<Schema>, documentId: DocumentId, at: number): Promise<boolean> {
  const from = await holdEvents(transaction, documentId);
  // Read under the hold: a deletion tells of itself behind it, or is seen here.
  const head = await readHead(transaction, documentId);
  if (head === null || head.head <= from) return false;
  const { tenant, name, epoch, head: to } = head;
  // Parsed before they were stored.
  const about = { tenant: tenant as Tenant, documentId, name: name as DocumentName };
  await recordEvent(transaction, { ...about, type: 'document.changed', at, user: null, facts: { epoch, from, to } });
  await transaction
    .updateTable('outbox_documents')
    .set({ announced_seq: to })
    .where('document_id', '=', documentId)
    .execute();
  return true;
}

async function readHead(transaction: Transaction<Schema>, documentId: DocumentId) {
  const row = await transaction
    .selectFrom('document_heads')
    .innerJoin('documents', 'documents.id', 'document_heads.document_id')
    .select(['documents.tenant', 'documents.name', 'document_heads.epoch', 'document_heads.head'])
    .where('document_heads.document_id', '=', documentId)
    .where('document_heads.live', '=', 1)
    .executeTakeFirst();
  return row ?? null;
}

async function readPositions(
  database: Kysely<Schema>,
  documentIds: readonly DocumentId[],
): Promise<readonly OutboxPosition[]> {
  if (documentIds.length === 0) return [];
  const rows = await database
    .selectFrom('document_heads')
    .innerJoin('documents', 'documents.id', 'document_heads.document_id')
    .leftJoin('outbox_documents', 'outbox_documents.document_id', 'document_heads.document_id')
    .select(['document_heads.document_id as documentId', 'document_heads.head', 'documents.tenant'])
    .select(['outbox_documents.last_number', 'outbox_documents.announced_seq'])
    .where('document_heads.document_id', 'in', documentIds)
    .where('document_heads.live', '=', 1)
    .execute();
  return rows.map(({ documentId, head, tenant, last_number: number, announced_seq: announced }) => ({
    documentId,
    tenant: tenant as Tenant,
    head,
    number: number ?? 0,
    announcedSeq: announced ?? 0,
  }));
}

async function listUnannounced(
  database: Kysely<Schema>,
  after: DocumentId,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<UnannouncedPage> {
  const page = database
    .selectFrom('document_heads')
    .select(['document_id', 'head', 'live', 'updated_at'])
    .where('document_id', '>', after)
    .orderBy('document_id')
    .limit(limit);
  const size = await database
    .selectFrom(page.as('page'))
    .select((eb) => [eb.fn.max('document_id').as('last'), eb.fn.countAll<number>().as('count')])
    .executeTakeFirst();
  const rows = await database
    .selectFrom(page.as('page'))
    .innerJoin('documents', 'documents.id', 'page.document_id')
    .leftJoin('outbox_documents', 'outbox_documents.document_id', 'page.document_id')
    .select(['page.document_id as documentId', 'page.updated_at as updatedAt', 'documents.tenant'])
    .where('page.live', '=', 1)
    .where('page.updated_at', '<', before)
    .where('page.head', '>', (eb) => eb.fn.coalesce('outbox_documents.announced_seq', sql.lit(0)))
    .orderBy('page.document_id')
    .execute();
  const next = Number(size?.count ?? 0) < limit ? null : (size?.last ?? null);
  return { documents: rows.map((row) => ({ ...row, tenant: row.tenant as Tenant })), next };
}

async function readListeners(database: Kysely<Schema>): Promise<Listeners> {
  const webhooks = await database.selectFrom('webhooks').select(['tenant', 'events', 'created_at']).execute();
  const changes = new Map<Tenant, number>();
  const presence = new Set<Tenant>();
  for (const webhook of webhooks) {
    const tenant = webhook.tenant as Tenant;
    const types = JSON.parse(webhook.events) as readonly string[];
    const wants = (...wanted: readonly string[]): boolean =>
      types.length === 0 || wanted.some((type) => types.includes(type));
    if (wants('document.changed')) {
      changes.set(tenant, Math.min(webhook.created_at, changes.get(tenant) ?? Infinity));
    }
    if (wants('user.joined', 'user.left')) presence.add(tenant);
  }
  return { changes, presence };
}

async function removeOld(database: Kysely<Schema>, before: number, limit: number): Promise<number> {
  const deliveries = await database
    .selectFrom('webhook_deliveries')
    .select(['webhook_id', 'document_id', 'number'])
    .where('queued_at', '<', before)
    .orderBy('queued_at')
    .limit(limit)
    .execute();
  for (const { webhook_id, document_id, number } of deliveries) {
    await database
      .deleteFrom('webhook_deliveries')
      .where('webhook_id', '=', webhook_id)
      .where('document_id', '=', document_id)
      .where('number', '=', number)
      .execute();
  }
  const events = await database
    .selectFrom('outbox_events')
    .select(['document_id', 'number'])
    .where('at', '<', before)
    .orderBy('at')
    .limit(limit)
    .execute();
  for (const { document_id, number } of events) {
    await database
      .deleteFrom('outbox_events')
      .where('document_id', '=', document_id)
      .where('number', '=', number)
      .execute();
  }
  // A lane that has rested as long is made anew when it is needed.
  await database.deleteFrom('webhook_lanes').where('next_at', '<', before).whereRef('done', '>=', 'queued').execute();
  return deliveries.length + events.length;
}
