import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { DocumentId } from './update-log.ts';

/** Proof that something was erased: what is counted, never what it was. Times are wall-clock milliseconds. */
export interface ErasureRecord {
  readonly id: string;
  readonly tenant: Tenant;
  readonly kind: 'document' | 'person';
  /** SHA-256 of a document's name, hex: whoever knows the name can check it. Of a person a hash with a key of the store. */
  readonly subjectHash: string;
  /** What stands in the place of a person's id; `null` for a document. */
  readonly pseudonym: string | null;
  readonly begunAt: number;
  readonly begunBy: string;
  /** `null` until nothing of it is left. */
  readonly finishedAt: number | null;
  readonly documentIds: readonly DocumentId[];
  /** How much went, by kind: `rows`, `events`, `objects`, and what else was told. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What was erased in one go. */
export interface ErasedPart {
  readonly counts: Readonly<Record<string, number>>;
  /** Keys of objects that are to be removed, and forgotten then (`ObjectRegister.forget`). */
  readonly keys: readonly string[];
  /** Whether more is left in the store. */
  readonly isMore: boolean;
}

/**
 * Erasure of deleted documents, and the records of it. What is left is a tombstone: the name, the epoch and a state
 * vector, which hold nothing that anybody wrote and keep offline editors from bringing it back.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface ErasureStore {
  /**
   * Begins the erasure of every deleted document of this name, with a row of the audit log; `null`, and no row, when there
   * is none to erase.
   */
  begin(
    name: DocumentName,
    record: Pick<ErasureRecord, 'id' | 'tenant' | 'subjectHash' | 'begunAt' | 'begunBy'>,
  ): Promise<ErasureRecord | null>;
  /**
   * Erases a part of a deleted document: `limit` rows, events and keys at most. Keys that somebody registered to write
   * under are handed out once their time is over. Does nothing to a live document.
   */
  erasePart(documentId: DocumentId, options: { readonly limit: number; readonly now: number }): Promise<ErasedPart>;
  /** Adds to the counts, and ends the erasure with a time; with its end there is an event `document.erased` for each document. */
  note(id: string, counts: Readonly<Record<string, number>>, finishedAt: number | null): Promise<void>;
  /** Erasures of documents that were not finished, oldest first. */
  listUnfinished(limit: number): Promise<readonly ErasureRecord[]>;
  /** Newest first, 100 at most. */
  list(tenant: Tenant): Promise<readonly ErasureRecord[]>;
  read(tenant: Tenant, id: string): Promise<ErasureRecord | null>;
}
