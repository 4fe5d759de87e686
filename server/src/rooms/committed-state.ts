import { diffUpdate } from 'yjs';
import { mergeInOrder } from './broadcast.ts';

const TAIL_LIMIT = 64 * 1024;
const TAIL_ROWS = 500;
const EMPTY_UPDATE = new Uint8Array([0, 0]);

/**
 * The document's committed state as bytes: an encoded base and the updates committed since. It serves joiners and
 * readers without encoding the live state anew, and never holds anything that a crash could take back.
 */
export interface CommittedState {
  /** Adds updates of a committed row. */
  push(updates: readonly Uint8Array[]): void;
  /** Replaces base and tail by a fresh encoding, when the live state holds nothing uncommitted. */
  rebase(encoded: Uint8Array): void;
  /** Whether the tail has grown so long that a fresh base is worth its cost. */
  readonly stale: boolean;
  /** All committed updates in order, the base first; the buffers are shared, never to be changed. */
  parts(): readonly Uint8Array[];
  /** One update that holds everything; kept until the next push. */
  merged(): Uint8Array;
  /** One update with what a client of this state vector lacks. */
  diff(stateVector: Uint8Array): Uint8Array;
  readonly bytes: number;
}

/** @param base encoded state that the tail builds on */
export function createCommittedState(base: Uint8Array = EMPTY_UPDATE): CommittedState {
  let head = base;
  let tail: Uint8Array[] = [];
  let tailBytes = 0;

  const fold = (): Uint8Array => {
    if (tail.length > 0) {
      let parts: readonly Uint8Array[] = [head, ...tail];
      while (parts.length > 1) parts = mergeInOrder(parts);
      head = parts[0] ?? EMPTY_UPDATE;
      tail = [];
      tailBytes = 0;
    }
    return head;
  };

  return {
    push(updates) {
      for (const update of updates) {
        tail.push(update);
        tailBytes += update.byteLength;
      }
    },
    rebase(encoded) {
      head = encoded;
      tail = [];
      tailBytes = 0;
    },
    get stale() {
      return tail.length > TAIL_ROWS || tailBytes > Math.max(TAIL_LIMIT, head.byteLength / 2);
    },
    parts: () => [head, ...tail],
    merged: fold,
    diff: (stateVector) => diffUpdate(fold(), stateVector),
    get bytes() {
      return head.byteLength + tailBytes;
    },
  };
}
