import type { Transaction } from 'kysely';
import type { Lane, Settlement } from '../../ports/delivery-queue.ts';
import type { Schema } from './schema.ts';

/** Milliseconds between two notes of a success on a webhook, whose row all its lanes share. */
const SUCCESS_NOTED_EVERY = 60_000;

interface Settled {
  readonly lane: Lane;
  readonly number: number;
  readonly settlement: Settlement;
  readonly leaseUntil: number;
}

/** Writes down what became of a delivery, while its lane is held; `null` when it is not. */
export async function settleDelivery(transaction: Transaction<Schema>, settled: Settled): Promise<Lane | null> {
  const { lane, number, settlement } = settled;
  // The lane first: whoever lost it must change nothing.
  const moved = await moveLane(transaction, settled);
  if (moved === null || settlement.kind === 'postponed') return moved;
  const { at, status, failure, milliseconds } = settlement.attempt;
  await transaction
    .updateTable('webhook_deliveries')
    .set((eb) => ({
      state: STATES[settlement.kind],
      attempts: eb('attempts', '+', 1),
      first_at: eb.fn.coalesce('first_at', eb.val(at)),
      last_at: at,
      status,
      failure,
      milliseconds: Math.round(milliseconds),
    }))
    .where('webhook_id', '=', lane.webhookId)
    .where('document_id', '=', lane.documentId)
    .where('number', '=', number)
    .execute();
  await noteOnWebhook(transaction, lane.webhookId, settlement);
  return moved;
}

const STATES = { delivered: 'delivered', retry: 'pending', 'given-up': 'dead' } as const;

async function moveLane(
  transaction: Transaction<Schema>,
  { lane, number, settlement, leaseUntil }: Settled,
): Promise<Lane | null> {
  const isOver = settlement.kind === 'delivered' || settlement.kind === 'given-up';
  const row = await transaction
    .updateTable('webhook_lanes')
    .set(
      isOver
        ? { done: number, lease_until: leaseUntil }
        : { next_at: settlement.nextAt, lease_owner: null, lease_until: 0 },
    )
    .where('webhook_id', '=', lane.webhookId)
    .where('document_id', '=', lane.documentId)
    .where('lease_owner', '=', lane.owner)
    // A replay that put the lane back since has to be seen by whoever takes it next.
    .where('done', '=', lane.done)
    .returning(['done', 'queued'])
    .executeTakeFirst();
  return row === undefined ? null : { ...lane, ...row };
}

async function noteOnWebhook(
  transaction: Transaction<Schema>,
  webhookId: string,
  settlement: Exclude<Settlement, { kind: 'postponed' }>,
): Promise<void> {
  const { at } = settlement.attempt;
  const webhooks = transaction.updateTable('webhooks').where('id', '=', webhookId);
  if (settlement.kind === 'delivered') {
    await webhooks
      .set({ failing_since: null, delivered_at: at })
      .where((eb) =>
        eb.or([
          eb('failing_since', 'is not', null),
          eb('delivered_at', 'is', null),
          eb('delivered_at', '<', at - SUCCESS_NOTED_EVERY),
        ]),
      )
      .execute();
    return;
  }
  await webhooks.set({ failing_since: at }).where('failing_since', 'is', null).execute();
  if (settlement.kind === 'given-up' && settlement.pause !== null) {
    const { reason, since } = settlement.pause;
    await webhooks.set({ paused: reason }).where('paused', 'is', null).where('failing_since', '<=', since).execute();
  }
}
