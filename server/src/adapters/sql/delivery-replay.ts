import type { Tenant } from '@scriptorium/shared/document-name';
import type { Transaction } from 'kysely';
import type { DeliveryState, ReplayQuery } from '../../ports/delivery-queue.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { appendAudit } from './append-audit.ts';
import type { Schema } from './schema.ts';

/** Owes deliveries again, and puts their lanes back before the first of them. */
export async function replayDeliveries(
  transaction: Transaction<Schema>,
  replay: { readonly tenant: Tenant; readonly webhookId: string; readonly query: ReplayQuery },
): Promise<number> {
  const { tenant, webhookId, query } = replay;
  const webhook = await transaction
    .selectFrom('webhooks')
    .select('id')
    .where('tenant', '=', tenant)
    .where('id', '=', webhookId)
    .executeTakeFirst();
  if (webhook === undefined) return 0;
  const { name } = query;
  const states: readonly DeliveryState[] = query.which === 'dead' ? ['dead'] : ['dead', 'delivered'];
  const owed = await transaction
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', attempts: 0, first_at: null })
    .where('webhook_id', '=', webhookId)
    .where('state', 'in', states)
    .where('queued_at', '>=', query.since)
    .$if(name !== null, (rest) =>
      rest.where('document_id', 'in', (eb) =>
        eb
          .selectFrom('documents')
          .select('id')
          .where('tenant', '=', tenant)
          .where('name', '=', name ?? ''),
      ),
    )
    .returning(['document_id', 'number'])
    .execute();
  if (owed.length === 0) return 0;
  const { which, act } = query;
  // Before the lanes, as where an event is written: the chain first, then what is owed.
  await appendAudit(transaction, tenant, [
    {
      ...act,
      action: 'webhook.replay',
      ...(name !== null && { document: name }),
      subject: `webhook:${webhookId}`,
      detail: { which, replayed: owed.length },
    },
  ]);
  const byDocument = Map.groupBy(owed, ({ document_id }) => document_id);
  // In one order always, so that two replays do not wait for one another.
  for (const [documentId, deliveries] of [...byDocument].sort(([one], [other]) => one - other)) {
    const numbers = deliveries.map(({ number }) => number);
    await putLaneBack(transaction, { webhookId, documentId, numbers, at: act.at });
  }
  return owed.length;
}

/** Puts a lane back before the first of the numbers, if it is further; makes it anew where it is gone. */
async function putLaneBack(
  transaction: Transaction<Schema>,
  lane: {
    readonly webhookId: string;
    readonly documentId: DocumentId;
    readonly numbers: readonly number[];
    readonly at: number;
  },
): Promise<void> {
  const before = lane.numbers.reduce((least, number) => Math.min(least, number)) - 1;
  const last = lane.numbers.reduce((most, number) => Math.max(most, number));
  await transaction
    .insertInto('webhook_lanes')
    .values({
      webhook_id: lane.webhookId,
      document_id: lane.documentId,
      queued: last,
      done: before,
      next_at: lane.at,
      lease_owner: null,
      lease_until: 0,
    })
    .onConflict((conflict) =>
      conflict.columns(['webhook_id', 'document_id']).doUpdateSet((eb) => ({
        done: eb.case().when('webhook_lanes.done', '>', before).then(before).else(eb.ref('webhook_lanes.done')).end(),
        next_at: lane.at,
      })),
    )
    .execute();
}
