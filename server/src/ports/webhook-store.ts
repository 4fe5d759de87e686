import type { Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { GrantResource } from '@scriptorium/shared/grant-resource';

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

export interface WebhookPage {
  readonly webhooks: readonly Webhook[];
  readonly nextCursor: string | null;
}

/**
 * Webhooks; every call is bound to one tenant. What happens while one is paused waits for it. Throws
 * `storage-unavailable` when the engine does not answer, and `bad-request` for a cursor that is none.
 */
export interface WebhookStore {
  /** False when the tenant has as many as `most` already. */
  add(webhook: Webhook, secret: string, most: number): Promise<boolean>;
  read(tenant: Tenant, id: string): Promise<Webhook | null>;
  /** Newest first; `limit` is 1 to 100. */
  list(tenant: Tenant, page: { readonly cursor: string | null; readonly limit: number }): Promise<WebhookPage>;
  /** The webhook as it is then; `null` when the tenant has no such. Going on after a pause forgets failures. */
  change(tenant: Tenant, id: string, change: WebhookChange): Promise<Webhook | null>;
  /** Puts a new secret in the place of the current one, which signs as well until `previousEndsAt`. */
  rotate(
    tenant: Tenant,
    id: string,
    secret: { readonly text: string; readonly previousEndsAt: number },
  ): Promise<Webhook | null>;
  /** Removes it with all that was owed to it; false when there was none. */
  remove(tenant: Tenant, id: string): Promise<boolean>;
}
