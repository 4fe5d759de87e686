import type { Pseudonym } from '../core/forget-actor.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';

/** A person who is to be forgotten in one document, live or deleted. */
export interface ForgetOrder extends Pseudonym {
  readonly document: Pick<DocumentRecord, 'id' | 'tenant'>;
  /** Ends it between two steps, with the signal's reason. */
  readonly signal: AbortSignal;
}

/** What was rewritten by this call. */
export interface Forgotten {
  /** Rows of the log, and rows that were set aside. */
  rows: number;
  segments: number;
  bindings: number;
}
