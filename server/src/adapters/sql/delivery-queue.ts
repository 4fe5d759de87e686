import { type Kysely, sql } from 'kysely';
import type { DeliveryQuery, DeliveryQueue, DeliveryRecord, DueDelivery, Lane } from '../../ports/delivery-queue.ts';
import { settleDelivery } from './delivery-settlement.ts';
import { replayDeliveries } from './delivery-replay.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import { toStoredEvent } from './outbox-events.ts';
import type { Schema } from './schema.ts';

/** The queue of deliveries on any SQL engine that Kysely speaks to. */
export function createDeliveryQueue({ database }: { readonly database: Kysely<Schema> }): DeliveryQueue {
  return {
    claim: (request) => claimLanes(database, request),
    readTarget: async (webhookId, now) => {
      const row = await database
        .selectFrom('webhooks')
        .select(['url', 'secret', 'previous_secret', 'previous_ends_at'])
        .where('id', '=', webhookId)
        .where('paused', 'is', null)
        .executeTakeFirst();
      if (row === undefined) return null;
      const previous = now < (row.previous_ends_at ?? 0) ? row.previous_secret : null;
      return { url: row.url, secrets: previous === null ? [row.secret] : [row.secret, previous] };
    },
    readDue: (lane, limit) => readDue(database, lane, limit),
    settle: (lane, number, settlement, leaseUntil) =>
      database
        .transaction()
        .execute((transaction) => settleDelivery(transaction, { lane, number, settlement, leaseUntil })),
    release: async (lane, finished) => {
      await database
        .updateTable('webhook_lanes')
        .set({ lease_owner: null, lease_until: 0, ...(finished ? { done: lane.queued } : {}) })
        .where('webhook_id', '=', lane.webhookId)
        .where('document_id', '=', lane.documentId)
        .where('lease_owner', '=', lane.owner)
        // A replay may have put the lane back meanwhile.
        .$if(finished, (lanes) => lanes.where('done', '=', lane.done))
        .execute();
    },
    listDeliveries: (webhookId, query) => listDeliveries(database, webhookId, query),
    replay: (tenant, webhookId, query) =>
      database.transaction().execute((transaction) => replayDeliveries(transaction, { tenant, webhookId, query })),
  };
}

async function claimLanes(
  database: Kysely<Schema>,
  request: Parameters<DeliveryQueue['claim']>[0],
): Promise<readonly Lane[]> {
  const { owner, now, leaseUntil, limit, except } = request;
  const found = await database
    .selectFrom('webhook_lanes')
    .innerJoin('webhooks', 'webhooks.id', 'webhook_lanes.webhook_id')
    .select(['webhook_lanes.webhook_id', 'webhook_lanes.document_id'])
    .where('webhooks.paused', 'is', null)
    .whereRef('webhook_lanes.done', '<', 'webhook_lanes.queued')
    .where('webhook_lanes.next_at', '<=', now)
    .where('webhook_lanes.lease_until', '<=', now)
    .$if(except.length > 0, (lanes) => lanes.where('webhook_lanes.webhook_id', 'not in', except))
    .orderBy('webhook_lanes.next_at')
    .limit(limit)
    .execute();
  const claimed: Lane[] = [];
  for (const { webhook_id, document_id } of found) {
    // Once more for the row itself: another node may have taken it since.
    const row = await database
      .updateTable('webhook_lanes')
      .set({ lease_owner: owner, lease_until: leaseUntil })
      .where('webhook_id', '=', webhook_id)
      .where('document_id', '=', document_id)
      .where('lease_until', '<=', now)
      .where('next_at', '<=', now)
      .whereRef('done', '<', 'queued')
      .returning(['done', 'queued'])
      .executeTakeFirst();
    if (row !== undefined) claimed.push({ webhookId: webhook_id, documentId: document_id, owner, ...row });
  }
  return claimed;
}

async function readDue(database: Kysely<Schema>, lane: Lane, limit: number): Promise<readonly DueDelivery[]> {
  const rows = await database
    .selectFrom('webhook_deliveries')
    .innerJoin('outbox_events', (join) =>
      join
        .onRef('outbox_events.document_id', '=', 'webhook_deliveries.document_id')
        .onRef('outbox_events.number', '=', 'webhook_deliveries.number'),
    )
    .selectAll('outbox_events')
    .select(['webhook_deliveries.attempts', 'webhook_deliveries.first_at'])
    .where('webhook_deliveries.webhook_id', '=', lane.webhookId)
    .where('webhook_deliveries.document_id', '=', lane.documentId)
    .where('webhook_deliveries.state', '=', 'pending')
    .where('webhook_deliveries.number', '>', lane.done)
    .where('webhook_deliveries.number', '<=', lane.queued)
    .orderBy('webhook_deliveries.number')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ event: toStoredEvent(row), attempts: row.attempts, firstAt: row.first_at }));
}

async function listDeliveries(
  database: Kysely<Schema>,
  webhookId: string,
  { state, cursor, limit }: DeliveryQuery,
): Promise<{ readonly deliveries: readonly DeliveryRecord[]; readonly nextCursor: string | null }> {
  const after = cursor === null ? null : decodeListCursor(cursor, ['number', 'number', 'number']);
  const rows = await database
    .selectFrom('webhook_deliveries as d')
    .innerJoin('outbox_events as e', (join) =>
      join.onRef('e.document_id', '=', 'd.document_id').onRef('e.number', '=', 'd.number'),
    )
    .select(['d.document_id as documentId', 'd.number', 'e.name', 'e.type', 'd.state', 'd.queued_at as queuedAt'])
    .select(['d.attempts', 'd.last_at as lastAt', 'd.status', 'd.failure', 'd.milliseconds'])
    .where('d.webhook_id', '=', webhookId)
    .$if(state !== null, (rest) => rest.where('d.state', '=', state ?? 'pending'))
    .$if(after !== null, (rest) =>
      rest.where(sql<boolean>`(d.queued_at, d.document_id, d.number) < (${after?.[0]}, ${after?.[1]}, ${after?.[2]})`),
    )
    .orderBy('d.queued_at', 'desc')
    .orderBy('d.document_id', 'desc')
    .orderBy('d.number', 'desc')
    .limit(limit + 1)
    .execute();
  const deliveries = rows.slice(0, limit);
  const last = deliveries.at(-1);
  const isMore = rows.length > deliveries.length && last !== undefined;
  return {
    deliveries,
    nextCursor: isMore ? encodeListCursor([last.queuedAt, last.documentId, last.number]) : null,
  };
}
