import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { EventType } from '@scriptorium/shared/event-types';
import type { StoredGrant } from './grant-store.ts';

/** A document that somebody made or wrote in. Times are wall-clock milliseconds. */
export interface TouchedDocument {
  readonly name: DocumentName;
  readonly created: boolean;
  /** Whether they wrote in it or showed a cursor there; what they wrote is in its history, with their id. */
  readonly wrote: boolean;
  readonly deletedAt: number | null;
}

/** What is kept about one person. */
export interface PersonRecords {
  readonly documents: readonly TouchedDocument[];
  /** What they were given, and what they gave others. */
  readonly grants: readonly StoredGrant[];
  /** Labels of the machines' keys they made. */
  readonly apiKeys: readonly { readonly id: string; readonly label: string; readonly createdAt: number }[];
  readonly webhooks: readonly { readonly id: string; readonly url: string; readonly createdAt: number }[];
  /** The newest thousand. */
  readonly events: readonly { readonly name: DocumentName; readonly type: EventType; readonly at: number }[];
}

/**
 * What the store knows of people, for whoever has to tell them. Throws `ScriptoriumError('storage-unavailable')` when the
 * engine does not answer.
 */
export interface PersonRecordStore {
  /** Everything that bears the user's id within the tenant; empty lists for somebody unknown. */
  read(tenant: Tenant, user: string): Promise<PersonRecords>;
}
