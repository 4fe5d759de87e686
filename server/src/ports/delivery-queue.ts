import type { Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { Act } from './audit-log.ts';
import type { StoredEvent } from './outbox.ts';
import type { DocumentId } from './update-log.ts';

/** `dead`: given up. */
export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** All that is owed to one webhook of one document, held by one node for a while. */
export interface Lane {
  readonly webhookId: string;
  readonly documentId: DocumentId;
  /** The node that holds it. */
  readonly owner: string;
  /** Nothing up to this number is owed any more. */
  readonly done: number;
  /** The highest number that was owed when this was read. */
  readonly queued: number;
}

/** An event that is due, and what was tried so far. */
export interface DueDelivery {
  readonly event: StoredEvent;
  /** Attempts that failed. */
  readonly attempts: number;
  readonly firstAt: number | null;
}

/** Where a webhook's events go, and the secrets that sign them, newest first. */
export interface DeliveryTarget {
  readonly url: string;
  readonly secrets: readonly string[];
}

/** What one attempt came to, for the log of deliveries. */
export interface AttemptRecord {
  readonly at: number;
  /** HTTP status, when there was an answer. */
  readonly status: number | null;
  /** What went wrong, in one word; `null` when nothing did. */
  readonly failure: string | null;
  readonly milliseconds: number;
}

/** Why a webhook is to be paused, if nothing was delivered to it since the time. */
export interface PauseCondition {
  readonly reason: string;
  readonly since: number;
}

/** What becomes of a delivery after an attempt. */
export type Settlement =
  | { readonly kind: 'delivered'; readonly attempt: AttemptRecord }
  | { readonly kind: 'retry'; readonly attempt: AttemptRecord; readonly nextAt: number }
  /** Not tried again; `pause` may stop the whole webhook. */
  | { readonly kind: 'given-up'; readonly attempt: AttemptRecord; readonly pause: PauseCondition | null }
  /** Nothing was tried, and nothing is counted. */
  | { readonly kind: 'postponed'; readonly nextAt: number };

/** One delivery, as the log of deliveries shows it. */
export interface DeliveryRecord {
  readonly documentId: DocumentId;
  readonly number: number;
  readonly name: string;
  readonly type: EventType;
  readonly state: DeliveryState;
  readonly queuedAt: number;
  readonly attempts: number;
  readonly lastAt: number | null;
  readonly status: number | null;
  readonly failure: string | null;
  readonly milliseconds: number | null;
}

export interface DeliveryQuery {
  readonly state: DeliveryState | null;
  readonly cursor: string | null;
  /** 1 to 100. */
  readonly limit: number;
}

/** What is to be owed again, and who asks for it. */
export interface ReplayQuery {
  /** What happened since then. */
  readonly since: number;
  /** What was given up, or all of it, what was delivered too. */
  readonly which: 'dead' | 'all';
  /** Only of the document with this name. */
  readonly name: string | null;
  readonly act: Act;
}

/**
 * What is owed to webhooks. Deliveries of one document to one webhook stand in a lane, in the order of the events'
 * numbers, and one node at a time holds the lane, for as long as its lease; so no event is sent before an earlier one
 * was taken or given up. A settlement counts only while the lease is held. A lane of a paused webhook is never due.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface DeliveryQueue {
  /** Takes lanes that are due and that nobody holds, oldest first; none of the webhooks in `except`. */
  claim(request: {
    readonly owner: string;
    readonly now: number;
    readonly leaseUntil: number;
    readonly limit: number;
    readonly except: readonly string[];
  }): Promise<readonly Lane[]>;
  /** `null` when the webhook is gone or paused. */
  readTarget(webhookId: string, now: number): Promise<DeliveryTarget | null>;
  /** The next events of the lane. */
  readDue(lane: Lane, limit: number): Promise<readonly DueDelivery[]>;
  /** Writes down what became of the event, and extends the lease; `null` when the lane is not held any more. */
  settle(lane: Lane, number: number, settlement: Settlement, leaseUntil: number): Promise<Lane | null>;
  /** Lets go of the lane; `finished` when everything up to `queued` was found to be done. */
  release(lane: Lane, finished: boolean): Promise<void>;
  /** Newest first. */
  listDeliveries(
    webhookId: string,
    query: DeliveryQuery,
  ): Promise<{ readonly deliveries: readonly DeliveryRecord[]; readonly nextCursor: string | null }>;
  /**
   * Owes again what was given up or delivered, in the old order; says how many. It and its row of the audit log are there
   * together; where nothing is owed again there is none.
   */
  replay(tenant: Tenant, webhookId: string, query: ReplayQuery): Promise<number>;
}
