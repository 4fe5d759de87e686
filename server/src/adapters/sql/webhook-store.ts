import type { Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { GrantResource } from '@scriptorium/shared/grant-resource';
import { type Kysely, type Selectable, sql, type Transaction, type Updateable } from 'kysely';
import type { Act } from '../../ports/audit-log.ts';
import type {
  NewSecret,
  WantedWebhookChange,
  Webhook,
  WebhookChange,
  WebhookPage,
  WebhookStore,
} from '../../ports/webhook-store.ts';
import { appendAudit } from './append-audit.ts';
import { describeWebhookChange, describeWebhook } from './webhook-audit.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import type { WebhooksTable } from './outbox-schema.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Webhooks on any SQL engine that Kysely speaks to; each change is one transaction. */
export function createWebhookStore({ database, readFor = readFreely(database) }: TenantStoreDeps): WebhookStore {
  const change = <T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> =>
    database.transaction().execute(work);
  return {
    add: (webhook, secret, most) => change((transaction) => addWebhook(transaction, { webhook, secret, most })),
    read: (tenant, id) => readFor(tenant, (reads) => readWebhook(reads, { tenant, id })),
    list: (tenant, page) => readFor(tenant, (reads) => listWebhooks(reads, tenant, page)),
    change: (tenant, id, wanted) => change((transaction) => changeWebhook(transaction, { tenant, id }, wanted)),
    rotate: (tenant, id, secret) => change((transaction) => rotateSecret(transaction, { tenant, id }, secret)),
    remove: (tenant, id, act) => change((transaction) => removeWebhook(transaction, { tenant, id }, act)),
  };
}

/** A webhook of a tenant. */
interface WebhookKey {
  readonly tenant: Tenant;
  readonly id: string;
}

async function readWebhook(database: Kysely<Schema>, { tenant, id }: WebhookKey): Promise<Webhook | null> {
  const row = await database
    .selectFrom('webhooks')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? null : toWebhook(row);
}

async function addWebhook(
  transaction: Transaction<Schema>,
  { webhook, secret, most }: { readonly webhook: Webhook; readonly secret: string; readonly most: number },
): Promise<boolean> {
  const { id, tenant, url, label, createdAt, createdBy } = webhook;
  const own = await transaction.selectFrom('webhooks').select('id').where('tenant', '=', tenant).execute();
  if (own.some((known) => known.id === id)) return true;
  if (own.length >= most) return false;
  await transaction
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
  const detail = describeWebhook(webhook);
  await appendAudit(transaction, tenant, [
    { user: createdBy, at: createdAt, action: 'webhook.create', subject: `webhook:${id}`, detail },
  ]);
  return true;
}

/** The webhook as it stays to the end of the transaction, but for what this one does to it. */
async function holdWebhook(transaction: Transaction<Schema>, { tenant, id }: WebhookKey): Promise<Webhook | null> {
  const row = await transaction
    .updateTable('webhooks')
    .set((eb) => ({ label: eb.ref('label') }))
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : toWebhook(row);
}

async function changeWebhook(
  transaction: Transaction<Schema>,
  { tenant, id }: WebhookKey,
  { change, act, mayChange }: WantedWebhookChange,
): Promise<Webhook | 'moved' | null> {
  const before = await holdWebhook(transaction, { tenant, id });
  if (before === null) return null;
  if (mayChange !== undefined && !mayChange(before)) return 'moved';
  const columns = toColumns(change);
  if (Object.keys(columns).length === 0) return before;
  const row = await transaction
    .updateTable('webhooks')
    .set(columns)
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const after = toWebhook(row);
  await appendAudit(transaction, tenant, describeWebhookChange(before, after, act));
  return after;
}

async function rotateSecret(
  transaction: Transaction<Schema>,
  { tenant, id }: WebhookKey,
  { text, previousEndsAt, act }: NewSecret,
): Promise<Webhook | null> {
  const row = await transaction
    .updateTable('webhooks')
    .set((eb) => ({ secret: text, previous_secret: eb.ref('secret'), previous_ends_at: previousEndsAt }))
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    // The very secret again, by one who does not know that it is there already, must not end the one before it.
    .where('secret', '<>', text)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return holdWebhook(transaction, { tenant, id });
  await appendAudit(transaction, tenant, [
    { ...act, action: 'webhook.rotate', subject: `webhook:${id}`, detail: { previousEndsAt } },
  ]);
  return toWebhook(row);
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

async function removeWebhook(transaction: Transaction<Schema>, { tenant, id }: WebhookKey, act: Act): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom('webhooks')
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  // Before the lanes, as where an event is written: the chain first, then what is owed.
  await appendAudit(transaction, tenant, [{ ...act, action: 'webhook.delete', subject: `webhook:${id}` }]);
  await transaction.deleteFrom('webhook_lanes').where('webhook_id', '=', id).execute();
  await transaction.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute();
  return true;
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
