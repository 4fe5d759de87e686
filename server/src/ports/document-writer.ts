import type { Precondition } from '../core/precondition.ts';
import type { DocumentRecord } from './document-catalog.ts';
import type { RestoreNote } from './update-log.ts';

/** A document that is to be changed, as it was just resolved. */
export interface WriteTarget {
  readonly record: DocumentRecord;
  /** Encoded state vector of what was deleted under its name. */
  readonly tombstone: Uint8Array | null;
}

/** The committed state that an edit starts from. */
export interface EditBase {
  readonly epoch: number;
  readonly seq: number;
  readonly state: Uint8Array;
  /** The clientID to write under; the base holds all that was written under it. */
  readonly clientId: number;
}

/** What an edit came to. */
export interface Composed<T> {
  /** One Yjs V1 update; `null` when there is nothing to change. */
  readonly update: Uint8Array | null;
  /** What to tell the caller of it. */
  readonly result: T;
}

/** A change of one document by somebody who is not connected to it. */
export interface DocumentEdit<T> {
  /** Who it is by, as tokens name them. */
  readonly user: string;
  readonly precondition: Precondition;
  compose(base: EditBase): Promise<Composed<T>>;
  /** What an earlier attempt at this edit came to. Perhaps it was stored; then nothing is stored again. */
  readonly earlier?: Composed<T> | null;
  /** What the edit is, where that is a restore, to be noted with it. */
  readonly restore?: RestoreNote;
  /** Called with what passed the gate, before it goes to the log; what it throws ends the write. */
  readonly beforeAppend?: (composed: Composed<T>) => Promise<void>;
}

export interface Written<T> {
  /** The state that holds the edit. */
  readonly epoch: number;
  readonly seq: number;
  /** False when there was nothing to change. */
  readonly changed: boolean;
  readonly result: T;
}

/**
 * Changes documents on behalf of programs. An edit passes the same gate, goes to the same log and reaches the same
 * rooms as a client's, under its author's name, but is shown to nobody before it is committed: who asked for it could not
 * bring it again after a crash.
 *
 * - A precondition is exact, on however many nodes the document is open: where it names a state, the edit is the very
 *   next row behind that state or is not stored (`precondition-failed`).
 * - Without one, what others write meanwhile is merged with the edit.
 * - Edits of one document are made one after the other on each node.
 *
 * Throws what the gate refuses, `precondition-failed`, `document-deleted`, `room-discarded`, `document-quarantined`,
 * `overloaded`, and `storage-unavailable` when it is not known whether the edit was stored.
 */
export interface DocumentWriter {
  write<T>(target: WriteTarget, edit: DocumentEdit<T>): Promise<Written<T>>;
  /**
   * Passes the content of a new document through the same gate: the updates of its first row, none when it is empty.
   * Throws what the gate refuses.
   */
  judgeSeed(update: Uint8Array): readonly Uint8Array[];
}
