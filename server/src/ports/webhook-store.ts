import type { Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { GrantResource } from '@scriptorium/shared/grant-resource';
import type { Act } from './audit-log.ts';

/** Where events go, without its secrets. Times are wall-clock milliseconds. */
export interface Webhook {
  readonly id: string;
  readonly tenant: Tenant;
  readonly url: string;
  /** What people call it. */
  readonly label: string;
  /** Types that it wants; empty for all. */
  readonly events: readonly EventType[];
  /** Documents that it wants to hear of. */
  readonly documents: readonly GrantResource[];
  readonly createdAt: number;
  readonly createdBy: string;
  /** Why nothing is delivered at present: `by-hand`, or what kept failing; `null` while it is. */
  readonly paused: string | null;
  /** Time of the first failure since the last success; `null` when the last attempt succeeded. */
  readonly failingSince: number | null;
  /** Time of the last success, within a minute. */
  readonly deliveredAt: number | null;
  /** When the secret before the last rotation ends; `null` when there is none. */
  readonly previousEndsAt: number | null;
}

/** What may be changed about a webhook. */
export type WebhookChange = Partial<Pick<Webhook, 'url' | 'label' | 'events' | 'documents' | 'paused'>>;

/** What is to become of a webhook, and under which condition. */
export interface WantedWebhookChange {
  readonly change: WebhookChange;
  readonly act: Act;
  /** Whether the webhook, as it is at that moment, may be changed; always, where it is not given. */
  readonly mayChange?: (current: Webhook) => boolean;
}

/** A new secret, which takes the place of the current one. */
export interface NewSecret {
  readonly text: string;
  /** Until when the current one signs as well. */
  readonly previousEndsAt: number;
  readonly act: Act;
}

export interface WebhookPage {
  readonly webhooks: readonly Webhook[];
  readonly nextCursor: string | null;
}

/**
 * Webhooks; every call is bound to one tenant. What happens while one is paused waits for it. What somebody does to one and
 * its row of the audit log are there together; what changes nothing has no row. Throws `storage-unavailable` when the
 * engine does not answer, and `bad-request` for a cursor that is none.
 */
export interface WebhookStore {
  /** False when the tenant has as many as `most` already. One that is there already is not added again. */
  add(webhook: Webhook, secret: string, most: number): Promise<boolean>;
  read(tenant: Tenant, id: string): Promise<Webhook | null>;
  /** Newest first; `limit` is 1 to 100. */
  list(tenant: Tenant, page: { readonly cursor: string | null; readonly limit: number }): Promise<WebhookPage>;
  /** The webhook as it is then; `null` when the tenant has no such. Going on after a pause forgets failures. */
  change(tenant: Tenant, id: string, wanted: WantedWebhookChange): Promise<Webhook | 'moved' | null>;
  rotate(tenant: Tenant, id: string, secret: NewSecret): Promise<Webhook | null>;
  /** Removes it with all that was owed to it; false when there was none. */
  remove(tenant: Tenant, id: string, act: Act): Promise<boolean>;
}
