import type { DocumentRecord } from './document-catalog.ts';

/** Rows `after + 1` to `upTo` of a document, in sittings that end after `pause` milliseconds. */
export interface SittingsQuestion {
  readonly after: number;
  readonly upTo: number;
  readonly pause: number;
}

/** Two states of a document, the earlier one first. */
export interface DiffQuestion {
  readonly from: number;
  readonly to: number;
  readonly format: 'json' | 'html';
}

/** Two states of a document: as it is, and as it was once and shall be again. */
export interface RestoreQuestion {
  readonly base: Uint8Array;
  readonly target: Uint8Array;
  /** The clientID to write under. */
  readonly clientId: number;
}

/**
 * What documents were, and who made them what they are, from the log alone. Numbers of rows are at most the record's
 * head. Answers are UTF-8: JSON in the shapes of the REST schemas, or HTML.
 *
 * Throws `document-quarantined` when rows that an answer cannot do without are damaged, `conversion-exceeded` when a past
 * is too large to be looked at in one go, `overloaded`, and `storage-unavailable`.
 */
export interface DocumentPast {
  /** The state right behind a row, as one Yjs V1 update; behind row 0 the document was empty. */
  stateAt(record: DocumentRecord, seq: number): Promise<Uint8Array>;
  /** Who worked when, and how much. Rows that cannot be read are named. */
  sittings(record: DocumentRecord, question: SittingsQuestion): Promise<Uint8Array>;
  /** What differs between two states, and who did it. */
  diff(record: DocumentRecord, question: DiffQuestion): Promise<Uint8Array>;
  /** Who wrote each stretch of a state; unknown where the rows that brought it are lost. */
  blame(record: DocumentRecord, seq: number): Promise<Uint8Array>;
  /** The edit that makes a document what it was at an earlier state of its own; `null` when it is that already. */
  restore(request: RestoreQuestion): Promise<Uint8Array | null>;
}
