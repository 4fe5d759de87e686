import * as Y from 'yjs';
import { ScriptoriumError } from '../core/errors.ts';
import { bytesOf } from '../core/pending-row.ts';
import type { KnownContent, KnownSegment } from '../core/fork-detection.ts';
import type { InsertionPlace } from '../core/update-crowd.ts';
import type { Effort } from '../core/update-effort.ts';
import type { KnownState } from '../core/update-gate.ts';
import type { Neighbours } from '../core/update-order.ts';
import type { StructId } from '../core/update-struct.ts';
import type { DeleteRanges, ParsedUpdate } from '../core/update-structure.ts';
import { parseStateVector } from '../core/update-state-vector.ts';
import { knownSegments } from './merged-content.ts';
import { BYTES_OF_RANGE, countDeleted, hasChanged, hasDeleted } from './merged-changes.ts';
import { countDeletion, splitTail } from './merged-costs.ts';
import { countConflicts, isLeftOf, unitNextTo } from './merged-lists.ts';
import { deletesOnlyIn, rootOfItem } from './merged-roots.ts';

/** What applying an update did. */
export interface Applied {
  /** False when everything in it was known already, deletions included. */
  readonly changed: boolean;
}

/**
 * The merged state of one document, behind the one interface that the room knows, so that what implements it can
 * change. It takes only updates that passed the gate (or come from the log), and is a function of them alone: it
 * never adds an edit of its own.
 */
export interface MergedState extends KnownState, KnownContent {
  /** Applies a Yjs V1 update. */
  apply(update: Uint8Array): Applied;
  /** Applies many updates in order, at the cost of one where each is small. */
  applyAll(updates: readonly Uint8Array[]): Applied;
  /** Applies an update and returns what it really brought as an update of its own; `null` when nothing was new. */
  applyForDiff(update: Uint8Array): Uint8Array | null;
  /**
   * What somebody with this encoded state vector lacks, as an update. The vector may come from a client as it is;
   * throws `ScriptoriumError` with the code of the refusal when it is not one.
   */
  diff(stateVector: Uint8Array): Uint8Array;
  /** The whole state as one update. */
  encode(): Uint8Array;
  /** The encoded state vector. */
  stateVector(): Uint8Array;
  /** Whether every struct and every deletion of the update is known already. */
  contains(parsed: ParsedUpdate): boolean;
  /** Estimated bytes of the encoded state, seldom less than it has. */
  readonly size: number;
  /** Whether it is larger than so many bytes, for which it is encoded now and then. */
  isLarger(bytes: number): boolean;
  /** Whether something waits inside for what is missing, which the gate rules out. */
  hasPending(): boolean;
  /** Merges what it began with, where that was put off until it is needed. Never throws: `onUnusable` says so. */
  mergeNow(): void;
  destroy(): void;
}

/** What a state begins with, and need not be merged to be known. */
export interface Unmerged {
  /** A whole document together, in their order. */
  readonly updates: readonly Uint8Array[];
  /** The clock after the last struct of each client. */
  readonly stateVector: ReadonlyMap<number, number>;
  /** Called once, with why, when they cannot be merged after all; the state is of no use then. */
  readonly onUnusable: (error: unknown) => void;
}

/** Makes an empty merged state on a `Y.Doc` that is never handed out, or one that is merged when it is first needed. */
export function createMergedState(unmerged: Unmerged | null = null): MergedState {
  return new DocState(unmerged);
}

/** No client can have it: clientIDs on the wire are not negative. Yjs would else change its own id on a collision. */
const SERVER_CLIENT = -1;

/** An estimate that matters is replaced by a measure once it grew by this part, so much was deleted, or after so many updates. */
const REMEASURED_SHARE = 1 / 16;
const REMEASURED_DELETED = 1 / 64;
const REMEASURED_UPDATES = 500;

class DocState implements MergedState {
  readonly #merged: Y.Doc;
  #unmerged: Unmerged | null;
  #size: number;
  /** What it was when it was last encoded, and how many updates came since. */
  #measured = 0;
  #unmeasured = 0;
  /** Letters and other units that were deleted since. */
  #deleted = 0;
  #changed = false;

  constructor(unmerged: Unmerged | null) {
    this.#unmerged = unmerged;
    this.#size = unmerged === null ? 0 : bytesOf(unmerged.updates);
    this.#merged = new Y.Doc({ gc: true });
    this.#merged.clientID = SERVER_CLIENT;
    this.#merged.on('beforeObserverCalls', (transaction) => {
      this.#changed ||= hasChanged(transaction);
      const { units, ranges } = countDeleted(transaction);
      this.#deleted += units;
      this.#size += ranges * BYTES_OF_RANGE;
      // Y.Text answers remote formatting by deleting redundant marks, in its observer. Such deletions would be in
      // this replica and not in the log, so no observer runs.
      transaction.changed.clear();
    });
  }

  get #doc(): Y.Doc {
    if (this.#unmerged !== null) this.#merge(this.#unmerged);
    return this.#merged;
  }

  #merge(unmerged: Unmerged): void {
    this.#unmerged = null;
    const size = this.#size;
    try {
      this.applyAll(unmerged.updates);
      if (this.hasPending()) throw new Error('something in it waits for what is missing');
    } catch (error) {
      unmerged.onUnusable(error);
      throw error;
    } finally {
      this.#size = size;
    }
  }

  mergeNow(): void {
    try {
      if (this.#unmerged !== null) this.#merge(this.#unmerged);
    } catch {
      // Whoever made the state was told.
    }
  }

  get clientCount(): number {
    return this.#doc.store.clients.size;
  }

  get rootCount(): number {
    return this.#doc.share.size;
  }

  get size(): number {
    return this.#size;
  }

  isLarger(bytes: number): boolean {
    if (bytes <= 0 || this.#size <= bytes) return this.#size > bytes;
    const hasGrown = this.#size - this.#measured > bytes * REMEASURED_SHARE;
    const hasShrunk = this.#deleted > bytes * REMEASURED_DELETED;
    if (hasGrown || hasShrunk || this.#unmeasured >= REMEASURED_UPDATES) this.encode();
    return this.#size > bytes;
  }

  clock(client: number): number {
    return Y.getState(this.#doc.store, client);
  }

  hasRoot(name: string): boolean {
    return this.#doc.share.has(name);
  }

  apply(update: Uint8Array): Applied {
    const doc = this.#doc;
    this.#changed = false;
    Y.applyUpdate(doc, update);
    if (this.#changed) {
      this.#size += update.length;
      this.#unmeasured += 1;
    }
    return { changed: this.#changed };
  }

  applyAll(updates: readonly Uint8Array[]): Applied {
    const doc = this.#doc;
    this.#changed = false;
    // Most of what a small update costs is the end of its transaction.
    const apply = (): void => {
      for (const update of updates) Y.applyUpdate(doc, update);
    };
    Y.transact(doc, apply, null, false);
    if (this.#changed) this.#size += bytesOf(updates);
    return { changed: this.#changed };
  }

  applyForDiff(update: Uint8Array): Uint8Array | null {
    // Registered only now: with a listener Yjs encodes every transaction.
    const diffs: Uint8Array[] = [];
    const keep = (diff: Uint8Array): void => void diffs.push(diff);
    this.#doc.on('update', keep);
    try {
      this.apply(update);
    } finally {
      this.#doc.off('update', keep);
    }
    return diffs.length > 1 ? Y.mergeUpdates(diffs) : (diffs[0] ?? null);
  }

  diff(stateVector: Uint8Array): Uint8Array {
    const parsed = parseStateVector(stateVector);
    if ('kind' in parsed) throw new ScriptoriumError(parsed.code, parsed.detail);
    return Y.encodeStateAsUpdate(this.#doc, stateVector);
  }

  encode(): Uint8Array {
    const encoded = Y.encodeStateAsUpdate(this.#doc);
    this.#size = encoded.length;
    this.#measured = encoded.length;
    this.#unmeasured = 0;
    this.#deleted = 0;
    return encoded;
  }

  stateVector(): Uint8Array {
    if (this.#unmerged !== null) return Y.encodeStateVector(new Map(this.#unmerged.stateVector));
    return Y.encodeStateVector(this.#doc);
  }

  contains(parsed: ParsedUpdate): boolean {
    const hasStructs = parsed.blocks.every(({ client, endClock }) => endClock <= this.clock(client));
    return hasStructs && parsed.deletes.every((deleted) => hasDeleted(this.#doc.store, deleted));
  }

  rootOf(client: number, clock: number): string | null {
    return rootOfItem(this.#find(client, clock));
  }

  deletesOnlyIn(root: string, deletes: readonly DeleteRanges[], effort: Effort): boolean {
    return deletesOnlyIn(this.#doc.store, { root, deletes, effort });
  }

  depthOf(client: number, clock: number): number | null {
    let depth = 0;
    let item = this.#find(client, clock);
    if (item === null) return null;
    while (item !== null) {
      depth += 1;
      const parent: unknown = item.parent;
      item = parent instanceof Y.AbstractType ? parent._item : null;
    }
    return depth;
  }

  inOrder(left: StructId, right: StructId, effort: Effort): boolean {
    const leftItem = this.#find(left.client, left.clock);
    const rightItem = this.#find(right.client, right.clock);
    if (leftItem === null || rightItem === null) return true;
    return leftItem === rightItem ? left.clock < right.clock : isLeftOf(leftItem, rightItem, effort);
  }

  neighboursOf(id: StructId): Neighbours | null {
    const item = this.#find(id.client, id.clock);
    if (item === null) return null;
    const origin = id.clock === item.id.clock ? item.origin : { client: id.client, clock: id.clock - 1 };
    return { origin, rightOrigin: item.rightOrigin };
  }

  nextTo(id: StructId, side: 'left' | 'right'): StructId | null {
    const item = this.#find(id.client, id.clock);
    return item === null ? null : unitNextTo(item, id.clock, side);
  }

  hasKey({ client, clock }: StructId): boolean {
    return (this.#find(client, clock)?.parentSub ?? null) !== null;
  }

  conflicts(place: InsertionPlace, effort: Effort): number {
    return countConflicts(this.#doc, place, effort);
  }

  splitTail(id: StructId, side: 'before' | 'behind'): number {
    return splitTail(this.#doc.store.clients.get(id.client), id, side);
  }

  countDeletion(client: number, ranges: readonly number[], effort: Effort): void {
    countDeletion(this.#doc.store.clients.get(client), ranges, effort);
  }

  /** The item that holds a clock, or `null` when it is unknown or was collected. */
  #find(client: number, clock: number): Y.Item | null {
    const structs = this.#doc.store.clients.get(client);
    if (structs === undefined || clock >= this.clock(client)) return null;
    const struct = structs[Y.findIndexSS(structs, clock)];
    return struct instanceof Y.Item ? struct : null;
  }

  knownContent(client: number, clock: number, length: number): readonly KnownSegment[] {
    return knownSegments(this.#doc.store, { client, clock, length });
  }

  hasPending(): boolean {
    const { pendingStructs, pendingDs } = this.#doc.store;
    return pendingStructs !== null || pendingDs !== null;
  }

  destroy(): void {
    this.#unmerged = null;
    this.#merged.destroy();
  }
}
