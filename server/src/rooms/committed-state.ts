import { diffUpdate } from 'yjs';
import { storedUpdateLimits } from '../core/limits.ts';
import { createUpdateBatches } from '../core/update-batch.ts';
import { parseUpdate } from '../core/update-parser.ts';
import { mergeInOrder } from './broadcast.ts';
import type { OpenedDocument } from './open-document.ts';
import { UpdateTail } from './update-tail.ts';

const TAIL_LIMIT = 64 * 1024;
/** Updates that are put together, and how many may be left when they do not go together. */
const TOGETHER = 500;
const TAIL_UPDATES = 2 * TOGETHER;
/** Bytes of an update that stays by itself. */
const LARGE = 64 * 1024;
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
  return new BaseAndTail(base);
}

/** The committed state of a document that was just loaded: all of it is committed. */
export function commitLoaded({ loaded, state, updates }: OpenedDocument): CommittedState {
  // Updates that do not go together would be a frame each, for everybody who joins.
  if (updates === null || updates.length > TOGETHER) return createCommittedState(state.encode());
  const committed = createCommittedState(loaded.snapshot ?? undefined);
  committed.push(updates);
  return committed;
}

class BaseAndTail implements CommittedState {
  #base: Uint8Array;
  #tail = new UpdateTail();
  /** So many updates are too many. */
  #putTogetherFrom = TOGETHER;

  constructor(base: Uint8Array) {
    this.#base = base;
  }

  push(updates: readonly Uint8Array[]): void {
    for (const update of updates) this.#tail.push(update);
    if (this.#tail.count > this.#putTogetherFrom) this.#putTogether();
  }

  /** Makes few updates of the many in the tail, at a small part of what a fresh base costs. */
  #putTogether(): void {
    const tail = new UpdateTail();
    let batches = createUpdateBatches();
    const end = (): void => {
      for (const batch of batches.finish()) tail.push(batch);
      batches = createUpdateBatches();
    };
    for (const update of this.#tail.updates()) {
      // To take up again what is large by now would cost more each time.
      const parsed = update.byteLength >= LARGE ? null : parseUpdate(update, storedUpdateLimits);
      if (parsed?.kind === 'parsed') batches.add(parsed);
      else {
        end();
        tail.push(update);
      }
    }
    end();
    this.#tail = tail;
    this.#putTogetherFrom = this.#tail.count + TOGETHER;
  }

  rebase(encoded: Uint8Array): void {
    this.#base = encoded;
    this.#tail = new UpdateTail();
    this.#putTogetherFrom = TOGETHER;
  }

  get stale(): boolean {
    const { count, bytes } = this.#tail;
    return count > TAIL_UPDATES || bytes > Math.max(TAIL_LIMIT, this.#base.byteLength / 2);
  }

  parts(): readonly Uint8Array[] {
    return [this.#base, ...this.#tail.updates()];
  }

  merged(): Uint8Array {
    if (this.#tail.count > 0) {
      let parts = this.parts();
      while (parts.length > 1) parts = mergeInOrder(parts);
      this.rebase(parts[0] ?? EMPTY_UPDATE);
    }
    return this.#base;
  }

  diff(stateVector: Uint8Array): Uint8Array {
    return diffUpdate(this.merged(), stateVector);
  }

  get bytes(): number {
    return this.#base.byteLength + this.#tail.bytes;
  }
}
