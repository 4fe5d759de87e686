import type { DocumentId } from './update-log.ts';

/** Which documents a consumer follows: each that there is, or those in which it has a cursor. */
export type ConsumerScope = 'every-document' | 'chosen-documents';

/**
 * How far consumers of the log (search, webhooks) have come. Rows above a consumer's cursor stay in the log; one that
 * follows every document and has no cursor in one yet counts as standing at 0 there.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface ConsumerCursors {
  /** Makes a consumer known, or changes what it follows. */
  register(consumer: string, scope: ConsumerScope): Promise<void>;
  /** Forgets a consumer and its cursors; nothing waits for it any more. */
  unregister(consumer: string): Promise<void>;
  /** The last row that the consumer has taken; 0 without a cursor. */
  read(consumer: string, documentId: DocumentId): Promise<number>;
  /** Moves the cursor forward; one that is further already stays. */
  advance(consumer: string, documentId: DocumentId, seq: number): Promise<void>;
  /** As `advance`, for several documents in one go; one that is gone for good gets no cursor. */
  advanceAll(consumer: string, positions: ReadonlyMap<DocumentId, number>): Promise<void>;
}
