import type { DocumentId } from './update-log.ts';

/** A state of a document that the search index can never take, and why. */
export interface SearchDeadLetter {
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly seq: number;
  /** A sentence without content of the document. */
  readonly reason: string;
  /** Wall-clock milliseconds. */
  readonly at: number;
}

/**
 * Documents that are left out of search until they change. Throws `ScriptoriumError('storage-unavailable')` when the
 * engine does not answer.
 */
export interface SearchDeadLetters {
  /** Sets a document aside; of one there is one letter, the last. */
  put(letter: SearchDeadLetter): Promise<void>;
  read(documentIds: readonly DocumentId[]): Promise<readonly SearchDeadLetter[]>;
  /** Forgets letters, since a later state went in or the document is gone. */
  remove(documentIds: readonly DocumentId[]): Promise<void>;
}
