import type { Position } from '../core/sequence.ts';
import type { DocumentRecord, LastState } from './document-catalog.ts';

/** A document's committed state: what a crash at this moment would leave. */
export interface CommittedState {
  readonly epoch: number;
  readonly seq: number;
  /** The merged state as one Yjs V1 update; never holds an edit that is not committed. */
  readonly state: Uint8Array;
  /** The stored document is damaged, and this is what of it could be saved. */
  readonly damaged: boolean;
}

/** The same as the Yjs V1 updates that it is made of, in order; the buffers are shared, never to be changed. */
export interface CommittedParts extends Pick<CommittedState, 'epoch' | 'seq'> {
  readonly parts: readonly Uint8Array[];
}

export type RetireReason = 'renamed' | 'deleted';

/** What REST needs of the documents that may be open right now; the rooms implement it. */
export interface LiveDocuments {
  /**
   * The exact committed state, whether the document is open or not.
   * Throws `document-quarantined`, `storage-unavailable`, or `document-deleted` when it went away meanwhile.
   */
  read(record: DocumentRecord): Promise<CommittedState>;
  /** The state at an earlier row, or at the newest one. Throws `not-found` for a row that is not there, and as `read`. */
  readAt(record: DocumentRecord, seq: number): Promise<CommittedState>;
  /**
   * Where the document stands if it is open here, with everything that was applied before; `null` when it is not open.
   * Throws `storage-unavailable` when that does not get to the store in time.
   */
  settle(record: Pick<DocumentRecord, 'id'>): Promise<Position | null>;
  /**
   * The same for who merges it elsewhere: a state of more than so many bytes comes in parts where it lies in parts, so
   * that nothing is merged here.
   */
  readParts(record: DocumentRecord, mergedUpTo: number): Promise<CommittedParts>;
  /**
   * Ends the document's live life around one change of the catalog: takes no more writes here, waits until everything
   * taken is committed, runs `change` with the state vector of all of it, then closes the sessions and drops the room.
   * When `change` throws, the document goes on as before.
   *
   * The change runs inside so that no edit slips in behind the state vector: a tombstone that misses one would let
   * it come back. Other nodes go on writing meanwhile, so a change that says `moved` is run again with what they
   * added, a few times, before this throws `overloaded`.
   */
  retire<T>(
    record: DocumentRecord,
    reason: RetireReason,
    change: (last: LastState) => Promise<ChangeOutcome<T>>,
  ): Promise<T>;
}

export type ChangeOutcome<T> = { readonly kind: 'done'; readonly result: T } | { readonly kind: 'moved' };
