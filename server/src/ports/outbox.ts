import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { DocumentId } from './update-log.ts';

/** What belongs to an event of one type: `from` and `to` of a change, say. Never content. */
export type EventFacts = Readonly<Record<string, string | number | null>>;

/** Something that happened to a document. Times are wall-clock milliseconds. */
export interface NewEvent {
  readonly tenant: Tenant;
  readonly documentId: DocumentId;
  /** What the document was called then. */
  readonly name: DocumentName;
  readonly type: EventType;
  readonly at: number;
  /** Whose doing it was, as far as that is one person's. */
  readonly user: string | null;
  readonly facts: EventFacts;
}

/** An event and its number: 1, 2, 3 … per document. */
export interface StoredEvent extends NewEvent {
  readonly number: number;
}

/** How far a document's log and its events are. */
export interface OutboxPosition {
  readonly documentId: DocumentId;
  readonly tenant: Tenant;
  /** The newest event; 0 when there is none. */
  readonly number: number;
  readonly head: number;
  /** Rows up to this one have been told of. */
  readonly announcedSeq: number;
}

/** A live document whose newest rows nobody has been told of. */
export interface Unannounced {
  readonly documentId: DocumentId;
  readonly tenant: Tenant;
  /** Time of its newest row. */
  readonly updatedAt: number;
}

/** A part of them, in the order of their ids. */
export interface UnannouncedPage {
  readonly documents: readonly Unannounced[];
  /** Where the next page begins, or `null` at the end. */
  readonly next: DocumentId | null;
}

/** Tenants whose webhooks want to hear of what costs something to tell. */
export interface Listeners {
  /** Of changes, and since when. */
  readonly changes: ReadonlyMap<Tenant, number>;
  /** Of people who come and go. */
  readonly presence: ReadonlySet<Tenant>;
}

/**
 * What happened to documents. Whatever changes one (the catalog, its versions, its publication, an erasure) writes of it in
 * the transaction of the change. What an event is owed to (`delivery-queue.ts`) is settled
 * by the transaction that writes it.
 *
 * - Events of a document are numbered without gaps, in the order of their commits.
 * - Nothing is told of a document after its deletion, but that it was erased.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface Outbox {
  /** Writes an event that has no transaction of its own to belong to; false when the document is not live. */
  record(event: NewEvent): Promise<boolean>;
  /** Tells of the rows that came since the last time: one event `document.changed`; false when there are none. */
  announceChange(documentId: DocumentId, at: number): Promise<boolean>;
  /** Events above a number, ascending. */
  readEvents(documentId: DocumentId, after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Positions of live documents, 100 at most; others are left out. */
  readPositions(documentIds: readonly DocumentId[]): Promise<readonly OutboxPosition[]>;
  /** Looks at the next `limit` documents above `after` for rows from before the time that were not told of. */
  listUnannounced(
    after: DocumentId,
    page: { readonly before: number; readonly limit: number },
  ): Promise<UnannouncedPage>;
  readListeners(): Promise<Listeners>;
  /** Removes events and deliveries from before the time, `limit` of each at most; says how many went. */
  removeOld(before: number, limit: number): Promise<number>;
}
