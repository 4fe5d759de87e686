import type { DocumentRecord } from './document-catalog.ts';
import type { DocumentId, Head } from './update-log.ts';

/** A document by its id; `null` once it was deleted. */
export interface DirectoryEntry {
  readonly documentId: DocumentId;
  readonly record: DocumentRecord | null;
}

/** A part of all documents, in the order of their ids. */
export interface DirectoryPage {
  readonly entries: readonly DirectoryEntry[];
  /** Where the next page begins (`after`), or `null` at the end. */
  readonly next: DocumentId | null;
}

/**
 * Documents by their ids, of all tenants, for those who follow them. What it says was true at one moment during the call.
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface DocumentDirectory {
  /** Live documents as they are called now; one that is unknown or deleted is left out. */
  readLive(documentIds: readonly DocumentId[]): Promise<readonly DocumentRecord[]>;
  /** The next `limit` documents above `after`, deleted ones too, as long as something is left of them. */
  readPage(after: DocumentId, limit: number): Promise<DirectoryPage>;
  /** Live documents in which something was committed since a time (wall clock of whoever committed it). */
  readChangedSince(at: number): Promise<readonly Head[]>;
}
