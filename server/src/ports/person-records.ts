import type { AuditAction } from '@scriptorium/shared/audit-chain';
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

/** A version that somebody named. */
export interface NamedVersion {
  readonly name: DocumentName;
  readonly id: string;
  readonly label: string | null;
  readonly seq: number;
  readonly createdAt: number;
}

/** A row of the audit log that somebody caused or that was done to them. */
export interface PersonAuditRow {
  readonly seq: number;
  readonly at: number;
  readonly action: AuditAction;
  readonly document: string | null;
  /** Whether they did it. Who else did is not told: that would be about somebody else. */
  readonly own: boolean;
}

/** What is kept about one person. */
export interface PersonRecords {
  readonly documents: readonly TouchedDocument[];
  /** What they were given, and what they gave others. */
  readonly grants: readonly StoredGrant[];
  /** Labels of the machines' keys they made. */
  readonly apiKeys: readonly { readonly id: string; readonly label: string; readonly createdAt: number }[];
  readonly webhooks: readonly { readonly id: string; readonly url: string; readonly createdAt: number }[];
  readonly versions: readonly NamedVersion[];
  /** Documents whose newest edition they published. */
  readonly publications: readonly { readonly name: DocumentName; readonly id: string; readonly at: number }[];
  /** The newest thousand. */
  readonly events: readonly { readonly name: DocumentName; readonly type: EventType; readonly at: number }[];
  /** The newest thousand that are in the database. */
  readonly audit: readonly PersonAuditRow[];
}

/**
 * What the store knows of people, for whoever has to tell them. Throws `ScriptoriumError('storage-unavailable')` when the
 * engine does not answer.
 */
export interface PersonRecordStore {
  /** Everything that bears the user's id within the tenant; empty lists for somebody unknown. */
  read(tenant: Tenant, user: string): Promise<PersonRecords>;
}
