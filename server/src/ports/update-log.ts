import type { Act } from './audit-log.ts';
import type { SnapshotPointer } from './snapshot-pointer.ts';

/**
 * The log is the only source of truth: per document a gap-free sequence of rows. Everything else (rooms, snapshots,
 * search, caches) is derived from it and may be thrown away.
 *
 * Guarantees every adapter gives, and the contract suite checks:
 *  - append is atomic per document: `head` rises by one and the row is there, or neither.
 *  - a result of `stored` means durable: the row survives a crash of process and machine (as far as the engine's
 *    own durability goes).
 *  - append is idempotent per (writer incarnation, flush, document): the same batch again stores nothing twice and
 *    answers with the first sequence number.
 *  - a stale epoch stores nothing (`fenced`), a deleted document stores nothing (`deleted`).
 *  - an entry that names the head it follows stores nothing behind any other (`moved`), whoever appends meanwhile.
 */

/** Internal identity of a document; a rename keeps it, a new incarnation under the same name gets a new one. */
export type DocumentId = number;

/** What one flush brings to one document. */
export interface AppendEntry {
  readonly documentId: DocumentId;
  /** Epoch under which the room was loaded. */
  readonly epoch: number;
  /** Encoded row (`core/log-row.ts`), or `null` for an entry that only binds clients. */
  readonly payload: Uint8Array | null;
  /** ClientIDs seen for the first time, with the user each is now bound to. The first binding of a clientID wins. */
  readonly bindings: readonly ClientBinding[];
  /** The head that the row must follow; behind whatever head where it is not said. */
  readonly follows?: number;
  /** What the row carries out, where that is a restore; only for stores that keep versions. */
  readonly restore?: RestoreNote;
}

/** A restore: its version, its row of the audit log and its event are there together with the row of the log. */
export interface RestoreNote {
  /** Of the version that notes it, a UUID; a second row under it is not stored. */
  readonly versionId: string;
  /** What the version that is brought back is called. */
  readonly label: string | null;
  /** The row whose state is brought back. */
  readonly of: number;
  readonly act: Act;
}

export interface ClientBinding {
  readonly client: number;
  readonly user: string;
}

/** One group commit over any number of documents, at most one entry per document. */
export interface AppendBatch {
  /** Random identity of this run of this node's writer. */
  readonly incarnation: string;
  /** Rises by one per flush of this incarnation; a retry carries the number of the first try. */
  readonly flush: number;
  /** Wall-clock milliseconds, kept with the rows for history. */
  readonly at: number;
  /** True when an earlier try of this flush ended with an unknown outcome. */
  readonly retry: boolean;
  readonly entries: readonly AppendEntry[];
}

/**
 * Outcome for one entry, in the order of the batch. `busy` means: not now, try with the next flush. `refused` means:
 * the store will never take this entry, while the others of the batch are not held up by it.
 */
export type AppendResult =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'deleted' }
  /** The head is not the one that the entry names. */
  | { readonly kind: 'moved' };

/** One committed row. */
export interface LogRow {
  readonly seq: number;
  /** Wall-clock milliseconds of the flush. */
  readonly at: number;
  readonly payload: Uint8Array;
  /** First 16 bytes of the payload's SHA-256, as stored. */
  readonly sum: Uint8Array;
}

export interface Head {
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly head: number;
}

/** What a load starts from: one consistent read. */
export interface LoadStart {
  readonly epoch: number;
  readonly head: number;
  /** Rows up to this one are in history segments too. */
  readonly archivedSeq: number;
  /** Bytes of payload above the newest snapshot. */
  readonly tailBytes: number;
  readonly snapshot: SnapshotPointer | null;
  /**
   * The first rows above the newest snapshot, in order; the rest, if there is more, has to be read. A document whose
   * snapshot is inline and whose tail is short is loaded by this one read.
   */
  readonly rows: readonly LogRow[];
}

/**
 * The log of rows that are still in the database. Rows that were dropped are in history segments (`HistoryIndex`).
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface UpdateLog {
  append(batch: AppendBatch): Promise<readonly AppendResult[]>;
  /** Rows with `seq > after`, ascending, at most `limit`. Where rows were dropped there is a hole. */
  readRows(documentId: DocumentId, after: number, limit: number): Promise<readonly LogRow[]>;
  /** Heads of live documents; an unknown or deleted one is left out. */
  readHeads(documentIds: readonly DocumentId[]): Promise<readonly Head[]>;
  /** `null` when the document is unknown or deleted. */
  readLoadStart(documentId: DocumentId): Promise<LoadStart | null>;
  readBindings(documentId: DocumentId): Promise<readonly ClientBinding[]>;
}
