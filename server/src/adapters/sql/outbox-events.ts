import { coversResource } from '@scriptorium/shared/grant-resource';
import type { Selectable, Transaction } from 'kysely';
import type { NewEvent, StoredEvent } from '../../ports/outbox.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { OutboxEventsTable } from './outbox-schema.ts';
import type { Schema } from './schema.ts';

/**
 * Writes an event, and what it is owed to, within the transaction of the change that it tells of. The row with the
 * document's number stays locked to the end of the transaction, so numbers come in the order of commits; call it last,
 * for a short wait. Returns the event's number.
 */
export async function recordEvent(transaction: Transaction<Schema>, event: NewEvent): Promise<number> {
  const { last_number: number } = await transaction
    .insertInto('outbox_documents')
    .values({ document_id: event.documentId, last_number: 1, announced_seq: 0 })
    .onConflict((conflict) =>
      conflict.column('document_id').doUpdateSet((eb) => ({
        last_number: eb('outbox_documents.last_number', '+', 1),
      })),
    )
    .returning('last_number')
    .executeTakeFirstOrThrow();
  const { documentId, tenant, name, type, at, user, facts } = event;
  await transaction
    .insertInto('outbox_events')
    .values({ document_id: documentId, number, tenant, name, type, at, user_id: user, facts: JSON.stringify(facts) })
    .execute();
  await queueDeliveries(transaction, { ...event, number });
  return number;
}

/** Owes the event to every webhook of the tenant that wants it, paused ones too. */
async function queueDeliveries(transaction: Transaction<Schema>, event: StoredEvent): Promise<void> {
  const webhooks = await transaction
    .selectFrom('webhooks')
    .select(['id', 'events', 'documents'])
    .where('tenant', '=', event.tenant)
    // In one order always, so that two transactions do not wait for one another.
    .orderBy('id')
    .execute();
  for (const webhook of webhooks) {
    if (!wants(webhook, event)) continue;
    const { documentId, number, at } = event;
    await transaction
      .insertInto('webhook_deliveries')
      .values({
        webhook_id: webhook.id,
        document_id: documentId,
        number,
        state: 'pending',
        queued_at: at,
        attempts: 0,
        first_at: null,
        last_at: null,
        status: null,
        failure: null,
        milliseconds: null,
      })
      .execute();
    // An update, not nothing, where the lane is there: it waits for a node that is just about to find the lane empty.
    await transaction
      .insertInto('webhook_lanes')
      .values({
        webhook_id: webhook.id,
        document_id: documentId,
        queued: number,
        done: number - 1,
        next_at: at,
        lease_owner: null,
        lease_until: 0,
      })
      .onConflict((conflict) => conflict.columns(['webhook_id', 'document_id']).doUpdateSet({ queued: number }))
      .execute();
  }
}

function wants(
  webhook: { readonly events: string; readonly documents: string },
  event: Pick<NewEvent, 'type' | 'name'>,
): boolean {
  // Both were parsed before they were stored.
  const types = JSON.parse(webhook.events) as readonly string[];
  if (types.length > 0 && !types.includes(event.type)) return false;
  return (JSON.parse(webhook.documents) as readonly string[]).some((it) => coversResource(it, event.name));
}

/** Holds the document's events to the end of the transaction, so that none is written beside it; up to where it told of rows. */
export async function holdEvents(transaction: Transaction<Schema>, documentId: DocumentId): Promise<number> {
  const { announced_seq: announced } = await transaction
    .insertInto('outbox_documents')
    .values({ document_id: documentId, last_number: 0, announced_seq: 0 })
    .onConflict((conflict) =>
      conflict.column('document_id').doUpdateSet((eb) => ({
        last_number: eb.ref('outbox_documents.last_number'),
      })),
    )
    .returning('announced_seq')
    .executeTakeFirstOrThrow();
  return announced;
}

/** What a document was when it was deleted: its newest row, and when that came. */
export interface LastChange extends Pick<NewEvent, 'tenant' | 'documentId' | 'name' | 'at'> {
  readonly epoch: number;
  readonly seq: number;
  readonly changedAt: number;
}

/**
 * Tells of the rows that nobody was told of, within the transaction that deletes the document: afterwards nobody would.
 * Only where its changes are told of: they were before, or a webhook wants them that was there when the last one came.
 */
export async function tellLastChange(transaction: Transaction<Schema>, last: LastChange): Promise<void> {
  const { tenant, documentId, name, at, epoch, seq, changedAt } = last;
  const from = await holdEvents(transaction, documentId);
  if (seq <= from) return;
  const facts = { epoch, from, to: seq };
  const event: NewEvent = { tenant, documentId, name, at, type: 'document.changed', user: null, facts };
  if (from === 0 && !(await isWanted(transaction, event, changedAt))) return;
  await recordEvent(transaction, event);
  await transaction
    .updateTable('outbox_documents')
    .set({ announced_seq: seq })
    .where('document_id', '=', documentId)
    .execute();
}

/** Whether a webhook wants the event that was there at a time. */
async function isWanted(transaction: Transaction<Schema>, event: NewEvent, at: number): Promise<boolean> {
  const webhooks = await transaction
    .selectFrom('webhooks')
    .select(['events', 'documents'])
    .where('tenant', '=', event.tenant)
    .where('created_at', '<=', at)
    .execute();
  return webhooks.some((webhook) => wants(webhook, event));
}

/** A row as the port shows it; all of it was parsed before it was stored. */
export function toStoredEvent(row: Selectable<OutboxEventsTable>): StoredEvent {
  return {
    documentId: row.document_id,
    number: row.number,
    tenant: row.tenant as StoredEvent['tenant'],
    name: row.name as StoredEvent['name'],
    type: row.type,
    at: row.at,
    user: row.user_id,
    facts: JSON.parse(row.facts) as StoredEvent['facts'],
  };
}
