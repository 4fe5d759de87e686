import type { Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { GrantResource } from '@scriptorium/shared/grant-resource';
import { type Kysely, type Selectable, sql, type Updateable } from 'kysely';
import type { Webhook, WebhookChange, WebhookPage, WebhookStore } from '../../ports/webhook-store.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import type { WebhooksTable } from './outbox-schema.ts';
import type { Schema } from './schema.ts';

/** Webhooks on any SQL engine that Kysely speaks to. */
export function createWebhookStore({ database }: { readonly database: Kysely<Schema> }): WebhookStore {
  const update = async (tenant: Tenant, id: string, set: Updateable<WebhooksTable>): Promise<Webhook | null> => {
    const row = await database
      .updateTable('webhooks')
      .set(set)
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : toWebhook(row);
  };
  return {
    add: (webhook, secret, most) => addWebhook(database, { webhook, secret, most }),
    read: async (tenant, id) => {
      const row = await database
        .selectFrom('webhooks')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : toWebhook(row);
    },
    list: (tenant, page) => listWebhooks(database, tenant, page),
    change: async (tenant, id, change) => update(tenant, id, toColumns(change)),
    rotate: async (tenant, id, { text, previousEndsAt }) => {
      const row = await database
        .updateTable('webhooks')
        .set((eb) => ({ secret: text, previous_secret: eb.ref('secret'), previous_ends_at: previousEndsAt }))
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : toWebhook(row);
    },
    remove: (tenant, id) => removeWebhook(database, tenant, id),
  };
}

async function addWebhook(
  database: Kysely<Schema>,
  { webhook, secret, most }: { readonly webhook: Webhook; readonly secret: string; readonly most: number },
): Promise<boolean> {
  const { count } = await database
    .selectFrom('webhooks')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('tenant', '=', webhook.tenant)
    .executeTakeFirstOrThrow();
  if (Number(count) >= most) return false;
  const { id, tenant, url, label, createdAt, createdBy } = webhook;
  await database
    .insertInto('webhooks')
    .values({
      id,
      tenant,
      url,
      label,
      events: JSON.stringify(webhook.events),
      documents: JSON.stringify(webhook.documents),
      secret,
      previous_secret: null,
      previous_ends_at: null,
      created_at: createdAt,
      created_by: createdBy,
      paused: webhook.paused,
      failing_since: null,
      delivered_at: null,
    })
    .execute();
  return true;
}

async function listWebhooks(
  database: Kysely<Schema>,
  tenant: Tenant,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): Promise<WebhookPage> {
  const after = cursor === null ? null : decodeListCursor(cursor, ['number', 'string']);
  const rows = await database
    .selectFrom('webhooks')
    .selectAll()
    .where('tenant', '=', tenant)
    .$if(after !== null, (rest) => rest.where(sql<boolean>`(created_at, id) < (${after?.[0]}, ${after?.[1]})`))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const webhooks = rows.slice(0, limit).map(toWebhook);
  const last = webhooks.at(-1);
  const isMore = rows.length > webhooks.length && last !== undefined;
  return { webhooks, nextCursor: isMore ? encodeListCursor([last.createdAt, last.id]) : null };
}

async function removeWebhook(database: Kysely<Schema>, tenant: Tenant, id: string): Promise<boolean> {
  return database.transaction().execute(async (transaction) => {
    const { numDeletedRows } = await transaction
      .deleteFrom('webhooks')
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .executeTakeFirst();
    if (numDeletedRows === 0n) return false;
    await transaction.deleteFrom('webhook_lanes').where('webhook_id', '=', id).execute();
    await transaction.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute();
    return true;
  });
}

function toColumns({ url, label, events, documents, paused }: WebhookChange): Updateable<WebhooksTable> {
  return {
    ...(url === undefined ? {} : { url }),
    ...(label === undefined ? {} : { label }),
    ...(events === undefined ? {} : { events: JSON.stringify(events) }),
    ...(documents === undefined ? {} : { documents: JSON.stringify(documents) }),
    ...(paused === undefined ? {} : { paused }),
    ...(paused === null ? { failing_since: null } : {}),
  };
}

/** What is read here was parsed before it was stored. */
function toWebhook(row: Selectable<WebhooksTable>): Webhook {
  return {
    id: row.id,
    tenant: row.tenant as Tenant,
    url: row.url,
    label: row.label,
    events: JSON.parse(row.events) as EventType[],
    documents: JSON.parse(row.documents) as GrantResource[],
    createdAt: row.created_at,
    createdBy: row.created_by,
    paused: row.paused,
    failingSince: row.failing_since,
    deliveredAt: row.delivered_at,
    previousEndsAt: row.previous_ends_at,
  };
}
