import type { SnapshotPointer, StoredPlace } from './snapshot-pointer.ts';
import type { DocumentId } from './update-log.ts';

/** A kept snapshot as it is listed: without the bytes of an inline one. */
export type ListedSnapshot = Omit<SnapshotPointer, 'place'> & { readonly place: StoredPlace['kind'] };

/** A snapshot that is to become the one that loads use. */
export interface SnapshotPublication {
  readonly documentId: DocumentId;
  readonly epoch: number;
  /** Where the pointer is expected to be; 0 where there is no snapshot yet. */
  readonly expectedSeq: number;
  /** Above `expectedSeq`; at it, the snapshot takes the place of one that is damaged. */
  readonly snapshot: SnapshotPointer;
}

/**
 * Which snapshots a document has. One of them is the newest, the one that loads start from; it never goes back, and no
 * snapshot is named here whose object a sweeper may remove.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer, and when inline bytes do not read
 * back as they were written.
 */
export interface SnapshotIndex {
  /**
   * Adds a snapshot as the newest, if the pointer is where it is expected, the document is live at that epoch and its
   * head is not below, and the key (of one in the object store) is registered. False, with nothing done, if not.
   */
  publish(publication: SnapshotPublication): Promise<boolean>;
  /** The document's snapshots, newest first. */
  list(documentId: DocumentId): Promise<readonly ListedSnapshot[]>;
  /** Where a listed snapshot's bytes are; `null` when it is not kept any more. */
  locate(documentId: DocumentId, seq: number): Promise<StoredPlace | null>;
  /** Gives up snapshots, the newest excepted; their objects may be removed from `removableAt` on. */
  retire(documentId: DocumentId, seqs: readonly number[], removableAt: number): Promise<void>;
}
