import { randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import { expect } from 'vitest';
import type { Lane } from '../../src/ports/delivery-queue.ts';
import type { StoredEvents } from '../../src/adapters/sql/stored-events.ts';
import type { Webhook } from '../../src/ports/webhook-store.ts';
import { resource } from './access-store-under-test.ts';
import type { SqlStoreUnderTest } from './sql-damage.ts';
import { AT, name, removeNow } from './store-under-test.ts';

/** A store with events, as the suites on them use it. */
export interface EventStoreUnderTest extends SqlStoreUnderTest, StoredEvents {}

/** Opens the store. */
export type OpenEventStore = () => Promise<EventStoreUnderTest>;

/** Deletes a live document as it stands. */
export async function removeDocument(
  store: EventStoreUnderTest,
  at: { readonly tenant: Tenant; readonly name: string },
  time = AT,
): Promise<void> {
  const { tenant } = at;
  expect(await removeNow(store, { tenant, name: name(at.name) }, { at: time })).toBe('removed');
}

/** A webhook that wants everything, but for what is given. */
export async function newWebhook(
  store: EventStoreUnderTest,
  tenant: Tenant,
  more: Partial<Webhook> = {},
): Promise<Webhook> {
  const webhook: Webhook = {
    id: `wh_${randomUUID()}`,
    tenant,
    url: 'https://example.org/hook',
    label: '',
    events: [],
    documents: [resource('*')],
    createdAt: AT,
    createdBy: 'grace',
    paused: null,
    failingSince: null,
    deliveredAt: null,
    previousEndsAt: null,
    ...more,
  };
  if (!(await store.webhooks.add(webhook, 'whsec_first', 50))) throw new Error('one too many');
  return webhook;
}

/** Claims lanes as a node would, and hands back those of one webhook; others are let go of. */
export async function claimLanes(
  store: EventStoreUnderTest,
  webhookId: string,
  { owner = 'node', now = AT, lease = 60_000 } = {},
): Promise<readonly Lane[]> {
  const lanes = await store.deliveries.claim({ owner, now, leaseUntil: now + lease, limit: 1_000, except: [] });
  for (const lane of lanes) if (lane.webhookId !== webhookId) await store.deliveries.release(lane, false);
  return lanes.filter((lane) => lane.webhookId === webhookId);
}

export async function claimLane(
  store: EventStoreUnderTest,
  webhookId: string,
  options: { readonly owner?: string; readonly now?: number } = {},
): Promise<Lane> {
  const [lane] = await claimLanes(store, webhookId, options);
  if (lane === undefined) throw new Error('no lane is due');
  return lane;
}

export const attempt = { at: AT, status: 200, failure: null, milliseconds: 12 };
