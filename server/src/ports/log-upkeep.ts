import type { DropFacts } from '../core/drop-gate.ts';
import type { DocumentId } from './update-log.ts';

/** A live document in which something may be left to fold, archive or drop. */
export interface BacklogEntry {
  readonly documentId: DocumentId;
  readonly head: number;
  readonly snapshotSeq: number;
  readonly archivedSeq: number;
  /** Time of the first row that is in no segment; `null` when all are. */
  readonly oldestUnarchivedAt: number | null;
  /** Time of the first row that is still in the log; `null` when none is. */
  readonly oldestRowAt: number | null;
}

/** A part of the documents, in the order of their ids. */
export interface BacklogPage {
  readonly entries: readonly BacklogEntry[];
  /** Where the next page begins (`after`), or `null` at the end. */
  readonly next: DocumentId | null;
}

/**
 * What keeps the log short, for workers that go over all documents. Everything in it is safe to do from several nodes
 * at once. Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface LogUpkeep {
  /** Looks at the next `limit` documents above `after`; documents without anything left to do are left out. */
  readBacklog(after: DocumentId, limit: number): Promise<BacklogPage>;
  /** What decides how far rows may be dropped; `null` when the document is unknown or deleted. */
  readDropFacts(documentId: DocumentId): Promise<DropFacts | null>;
  /**
   * Removes rows with `seq <= upTo` and a time before `before`, the lowest ones first; looks at `limit` rows at most, so
   * that an append never waits long. Rows above the drop floor stay whatever is asked. Says how many went.
   */
  removeRows(
    documentId: DocumentId,
    range: { readonly upTo: number; readonly before: number; readonly limit: number },
  ): Promise<number>;
  /** Documents deleted before the time that still hold rows, snapshots or segments. */
  listDeleted(before: number, limit: number): Promise<readonly DocumentId[]>;
  /**
   * Removes what a deleted document holds, `limit` rows in one go; its objects become removable. True once nothing is
   * left but its tombstone. Does nothing to a live one.
   */
  purge(documentId: DocumentId, options: { readonly limit: number; readonly at: number }): Promise<boolean>;
}
