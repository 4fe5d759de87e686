import type { EventType } from '@scriptorium/shared/event-types';
import type { DeliveryState } from '../../ports/delivery-queue.ts';

/** Tables of events and webhooks as Kysely sees them; `schema.ts` says what holds for all tables. */
export interface OutboxSchema {
  outbox_documents: OutboxDocumentsTable;
  outbox_events: OutboxEventsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_lanes: WebhookLanesTable;
  erasure_records: ErasureRecordsTable;
}

/** One row per document that something was told of. Its lock puts the document's events in the order of their commits. */
export interface OutboxDocumentsTable {
  document_id: number;
  /** The number of the newest event. */
  last_number: number;
  /** Rows of the log up to this one have been told of. Never goes back. */
  announced_seq: number;
}

/** What happened, by document and number, without a gap until old ones are removed. */
export interface OutboxEventsTable {
  document_id: number;
  number: number;
  tenant: string;
  /** What the document was called then. */
  name: string;
  type: EventType;
  at: number;
  user_id: string | null;
  /** JSON: an object of what belongs to the type. */
  facts: string;
}

export interface WebhooksTable {
  id: string;
  tenant: string;
  url: string;
  label: string;
  /** JSON: a list of types; empty for all. */
  events: string;
  /** JSON: a list of names and patterns. */
  documents: string;
  secret: string;
  previous_secret: string | null;
  previous_ends_at: number | null;
  created_at: number;
  created_by: string;
  /** Why nothing is delivered at present; `null` while it is. */
  paused: string | null;
  /** Time of the first failure since the last success. */
  failing_since: number | null;
  delivered_at: number | null;
}

/** One row per event and webhook that it is owed to, from the event's own transaction on. */
export interface WebhookDeliveriesTable {
  webhook_id: string;
  document_id: number;
  number: number;
  state: DeliveryState;
  queued_at: number;
  attempts: number;
  first_at: number | null;
  last_at: number | null;
  status: number | null;
  failure: string | null;
  milliseconds: number | null;
}

/** The deliveries of one document to one webhook, which one node at a time works off in their order. */
export interface WebhookLanesTable {
  webhook_id: string;
  document_id: number;
  /** The highest number that is owed. */
  queued: number;
  /** Nothing up to this number is owed any more. */
  done: number;
  next_at: number;
  lease_owner: string | null;
  lease_until: number;
}

/** Proof of what was erased, without what it was. */
export interface ErasureRecordsTable {
  id: string;
  tenant: string;
  kind: 'document' | 'person';
  /** SHA-256 of a document's name, or the keyed hash of a person, hex. */
  subject_hash: string;
  begun_at: number;
  begun_by: string;
  /** `null` until nothing of it is left. */
  finished_at: number | null;
  /** JSON: ids of the documents, counts of what went, and the pseudonym of a person. */
  facts: string;
}
