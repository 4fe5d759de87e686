import type { HistorySegment } from './history-index.ts';
import type { DocumentId, LogRow } from './update-log.ts';

/** How a document stands, live or deleted, and what a user has to do with it. */
export interface AuthorshipStanding {
  readonly epoch: number;
  readonly head: number;
  readonly isLive: boolean;
  /** ClientIDs that are bound to the user. */
  readonly bindings: number;
}

/** Where to look for bytes: in rows above one, as many of them as one statement may look at. */
export interface RowSearch {
  readonly bytes: Uint8Array;
  readonly after: number;
  /** Rows that are looked at. */
  readonly span: number;
  /** Rows that are told. */
  readonly limit: number;
}

/** Rows that hold the bytes, and up to which all were looked at; `null`: there is none above. */
export interface FoundRows {
  readonly rows: readonly LogRow[];
  readonly upTo: number | null;
}

/** A payload that is to stand in the place of another, which still has the checksum that it was read with. */
export interface RowReplacement {
  readonly seq: number;
  readonly sum: Uint8Array;
  /** Bytes of the payload that was read. */
  readonly bytes: number;
  readonly payload: Uint8Array;
  /** Whether the row was sound; a damaged one keeps its checksum, and stays damaged. */
  readonly isIntact: boolean;
}

/** A row that was set aside (`ports/row-quarantine.ts`). */
export interface SetAsideRow {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** A segment that is to stand in the place of another, which still has the checksum that it was read with. */
export interface SegmentReplacement {
  readonly sha256: string;
  /** The same rows. The key of one in the object store is registered. */
  readonly segment: HistorySegment;
  /** From when on the object of the one before may be removed. */
  readonly removableAt: number;
}

/** What is changed together: all of it, or nothing. */
export interface AuthorshipChange {
  /** Where the document stood when all that is replaced was read; at another epoch nothing is done. */
  readonly epoch: number;
  readonly rows: readonly RowReplacement[];
  readonly segment: SegmentReplacement | null;
  /** Ends it. */
  readonly seal: Seal | null;
}

/**
 * The last change of a pass: what is left of the user's bindings goes along, and the epoch of a live document rises, which
 * fences every room, archiver and repair that may have read what stood there before. Refused when a row above `after`
 * holds the bytes.
 */
export interface Seal {
  readonly bytes: Uint8Array;
  readonly after: number;
  readonly from: string;
  readonly to: string;
}

/**
 * Who wrote what, wherever one document says so, for those who have to change that. Reads are of the primary. Rows keep
 * their numbers, times and places, and the bytes of a tail stay counted. While a change is made
 * this document is busy, and others wait no longer than for any other change of that size.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer, and when inline bytes do not read
 * back as they were written.
 */
export interface AuthorshipStore {
  /** `null` when the document is unknown. */
  readStanding(documentId: DocumentId, user: string): Promise<AuthorshipStanding | null>;
  findRows(documentId: DocumentId, search: RowSearch): Promise<FoundRows>;
  /** Rows that were set aside, hold the bytes and lie above an id, in order, at most `limit`. */
  findSetAside(
    documentId: DocumentId,
    search: { readonly bytes: Uint8Array; readonly after: number; readonly limit: number },
  ): Promise<readonly SetAsideRow[]>;
  replaceSetAside(documentId: DocumentId, rows: readonly SetAsideRow[]): Promise<void>;
  /** Binds `limit` clientIDs of a user to another one; how many there were to bind. */
  rebind(
    documentId: DocumentId,
    change: { readonly from: string; readonly to: string; readonly limit: number },
  ): Promise<number>;
  /** False, with nothing done, when something is not as it was read. Rows that are gone meanwhile are passed over. */
  replace(documentId: DocumentId, change: AuthorshipChange): Promise<boolean>;
}
