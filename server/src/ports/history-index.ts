import type { StoredPlace } from './snapshot-pointer.ts';
import type { DocumentId } from './update-log.ts';

/** How far a document's rows are folded and archived. */
export interface HistoryProgress {
  readonly tenant: string;
  readonly epoch: number;
  readonly head: number;
  readonly snapshotSeq: number;
  readonly archivedSeq: number;
}

/** An immutable run of rows, `fromSeq` to `toSeq` without a gap (`core/history-segment.ts`), compressed with zstd. */
export interface HistorySegment {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Wall-clock milliseconds: the earliest and the latest of the rows' times. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Bytes as they are stored, and their SHA-256, hex. */
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes once unpacked. */
  readonly rawBytes: number;
  readonly place: StoredPlace;
}

/** A segment as it is listed: without the bytes of an inline one. */
export type ListedSegment = Omit<HistorySegment, 'place'> & { readonly place: StoredPlace['kind'] };

/**
 * Which history segments a document has. Together they hold rows 1 to `archivedSeq` without a gap or an overlap. Only
 * rows at or below it may be dropped from the log.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer, and when inline bytes do not read
 * back as they were written.
 */
export interface HistoryIndex {
  /** `null` when the document is unknown or deleted. */
  readProgress(documentId: DocumentId): Promise<HistoryProgress | null>;
  /**
   * Adds a segment if it begins right above `archivedSeq` (the compare-and-set), the document is live and at the epoch,
   * its head is not below, and the key (of one in the object store) is registered. False, with nothing done, if not. The
   * epoch is the one that was read before the rows: whoever changes rows raises it behind that.
   */
  publish(documentId: DocumentId, segment: HistorySegment, epoch: number): Promise<boolean>;
  /** The segments that hold a row above `after`, in order, at most `limit`. */
  list(documentId: DocumentId, after: number, limit: number): Promise<readonly ListedSegment[]>;
  /** Where a listed segment's bytes are; `null` when there is none that ends at `toSeq`. */
  locate(documentId: DocumentId, toSeq: number): Promise<StoredPlace | null>;
  /**
   * The segment that ends at `toSeq` as it is now, never from a replica; `null` when there is none. For one that did not
   * read as it was listed: another may stand in its place by now.
   */
  findAnew(documentId: DocumentId, toSeq: number): Promise<HistorySegment | null>;
}
