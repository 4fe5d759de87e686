import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { ErasedContent } from '@scriptorium/shared/erasure-schemas';
import type { ErasureProgress } from '../core/erasure-plan.ts';
import type { ErasedPerson } from './erased-people.ts';
import type { DocumentId } from './update-log.ts';

/** An erasure of a person that is under way, and whether somebody else is at work at it. */
export interface PersonErasure {
  readonly person: ErasedPerson;
  readonly progress: ErasureProgress;
  /** Rises with each step that was noted. */
  readonly revision: number;
}

/** What was put in order, by kind; counts for the record. */
export type ErasureCounts = Readonly<Record<string, number>>;

export interface ForgetOrder {
  readonly tenant: Tenant;
  readonly user: string;
  readonly pseudonym: string;
}

export interface DocumentPage {
  readonly after: DocumentId;
  readonly limit: number;
}

export interface OwnDocument {
  readonly id: DocumentId;
  readonly name: DocumentName;
}

export interface ErasureEnd {
  readonly at: number;
  /** What became of what they wrote. */
  readonly content: ErasedContent;
  /** What the job came to, as JSON. */
  readonly outcome: string;
}

/**
 * The store's side of erasing a person: everything but what is inside of documents (`AuthorshipStore`). Every step may be
 * done twice. Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface PersonErasureStore {
  /** `null` for a pseudonym that there is not. */
  read(tenant: Tenant, pseudonym: string): Promise<PersonErasure | null>;
  /**
   * Puts the pseudonym in the place of the id wherever a column of its own holds it, and removes what is worth nothing without
   * the id; how many rows that were, by kind, and none when nothing was left. Rows of the audit log stay as they are.
   */
  forgetColumns(order: ForgetOrder): Promise<ErasureCounts>;
  /** The next documents of the tenant above an id, deleted ones too as long as something is left of them. */
  listDocuments(tenant: Tenant, after: DocumentId, limit: number): Promise<readonly DocumentId[]>;
  /** Documents of the tenant that have a clientID bound to the pseudonym. */
  listBoundDocuments(tenant: Tenant, pseudonym: string): Promise<readonly DocumentId[]>;
  /**
   * The next documents above an id that the bearer of the pseudonym made, and in which no clientID is bound to anybody else;
   * deleted ones too as long as something is left of them.
   */
  listOwnDocuments(tenant: Tenant, pseudonym: string, page: DocumentPage): Promise<readonly OwnDocument[]>;
  /** Notes how far it is, and counts; false when somebody else noted something since it was read. */
  note(erasure: PersonErasure, progress: ErasureProgress, counts: ErasureCounts): Promise<boolean>;
  /** Ends it: the record and a row of the audit log say so, and the job forgets whom it was about; all or nothing. */
  finish(erasure: PersonErasure, end: ErasureEnd): Promise<boolean>;
}
