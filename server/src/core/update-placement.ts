import type { UpdateLimits } from './limits.ts';
import { CrowdCheck, type Insertion, type InsertionPlace } from './update-crowd.ts';
import { type Effort, moveCost } from './update-effort.ts';
import { checkOrder, type Neighbours, type OrderSource } from './update-order.ts';
import type { ClientBlock, ParsedUpdate } from './update-structure.ts';
import { RefusedBytes, refuse } from './update-refusal.ts';
import { readParentNames, type StructId, type StructPlace } from './update-struct.ts';

/** What the search asks about the document. */
export interface KnownStructs {
  /** Next expected clock of a client, 0 for an unknown one. */
  clock(client: number): number;
  /**
   * Whether a known struct stands left of another in one list; also true when either is collected. Takes a step per
   * item it has to pass, and gives up when the effort runs out.
   */
  inOrder(left: StructId, right: StructId, effort: Effort): boolean;
  /** What a known clock unit was inserted between; `null` when it is collected. */
  neighboursOf(id: StructId): Neighbours | null;
  /** The clock unit that stands directly left or right of a known one; `null` at the end of its list. */
  nextTo(id: StructId, side: 'left' | 'right'): StructId | null;
  /** Whether a known struct is a value under a key of a map or an attribute; false when it is collected. */
  hasKey(id: StructId): boolean;
  /** How many items Yjs would look at to find the place among what is known; counts as many steps. */
  conflicts(place: InsertionPlace, effort: Effort): number;
  /**
   * How many structs of its client have to move when the known item at a place is divided, before that clock unit or
   * behind it; 0 when nothing has to be divided.
   */
  splitTail(id: StructId, side: 'before' | 'behind'): number;
  /** Counts as steps what it takes to delete known ranges: structs are divided, moved and merged. */
  countDeletion(client: number, ranges: readonly number[], effort: Effort): void;
}

/** The update as far as it is judged. */
export interface JudgedUpdate {
  readonly parsed: ParsedUpdate;
  readonly limits: UpdateLimits;
  /** The structs of a client in the update. */
  block(client: number): ClientBlock | undefined;
  /** Next expected clock of a client in the document; what lies below is known. */
  knownClock(client: number): number;
}

/** Structs or delete ranges up to which dividing known items needs no account. */
const SMALL = 32;

/** Judges where structs are to be inserted: whether their neighbours are in order, and what it costs to merge them. */
export class PlacementCheck {
  /** Other neighbours for structs whose own are not in order, by byte offset. */
  readonly replaced = new Map<number, Neighbours>();
  readonly #known: KnownStructs;
  readonly #parsed: ParsedUpdate;
  readonly #order: OrderSource;
  readonly #crowd: CrowdCheck;
  readonly #isLarge: boolean;
  #splits = 0;

  constructor(known: KnownStructs, update: JudgedUpdate) {
    const { parsed, limits, block, knownClock } = update;
    const { bytes, effort } = parsed;
    this.#known = known;
    this.#parsed = parsed;
    const { replaced } = this;
    this.#order = {
      bytes,
      block,
      knownClock,
      replaced,
      inOrder: (left, right) => known.inOrder(left, right, effort),
      neighboursOf: (id) => known.neighboursOf(id),
    };
    const structs = parsed.blocks.reduce((sum, { starts }) => sum + starts.length, 0);
    this.#isLarge = structs > SMALL;
    this.#crowd = new CrowdCheck(
      {
        block,
        knownClock,
        conflicts: (place) => known.conflicts(place, effort),
        parentNames: (start) => readParentNames(bytes, start),
      },
      { limits, effort, structs },
    );
  }

  /**
   * Whether a struct can go in with those that were passed before; false when that can be told only once they are
   * applied. Throws `RefusedBytes` when it must not go in. Changes a place whose neighbours are not in order, and notes
   * the ones it has now as `replaced`.
   */
  admits(insertion: Insertion): boolean {
    const { place, start } = insertion;
    const origin = toId(place.originClient, place.originClock);
    const rightOrigin = toId(place.rightClient, place.rightClock);
    const order = checkOrder(this.#order, { origin, rightOrigin });
    this.#checkEffort();
    if (order === 'later') return false;
    if (order === 'unordered') {
      const neighbours = this.#mend(origin, rightOrigin);
      if (neighbours === null) return false;
      this.replaced.set(start, neighbours);
      place.originClient = neighbours.origin?.client ?? -1;
      place.originClock = neighbours.origin?.clock ?? -1;
      place.rightClient = neighbours.rightOrigin?.client ?? -1;
      place.rightClock = neighbours.rightOrigin?.clock ?? -1;
    }
    if (this.#isLarge) this.#countSplits(place);
    return this.#crowd.admits(insertion);
  }

  /** Puts a struct directly behind its origin, or else in front of its right origin; `null` before that is known. */
  #mend(origin: StructId | null, rightOrigin: StructId | null): Neighbours | null {
    const anchor = origin ?? rightOrigin;
    if (anchor === null || anchor.clock >= this.#order.knownClock(anchor.client)) return null;
    return origin === null
      ? { origin: this.#known.nextTo(anchor, 'left'), rightOrigin: anchor }
      : { origin: anchor, rightOrigin: this.#known.nextTo(anchor, 'right') };
  }

  /** Counts what the delete ranges take. Throws `RefusedBytes` when it is too much. */
  countDeletions(): void {
    for (const { client, ranges } of this.#parsed.deletes) {
      if (ranges.length > 2 * SMALL) this.#known.countDeletion(client, ranges, this.#parsed.effort);
    }
    this.#checkEffort();
  }

  /** Yjs keeps the structs of a client in one array, in which the ones behind a divided struct move. */
  #countSplits({ originClient, originClock, rightClient, rightClock }: StructPlace): void {
    let tail = 0;
    if (originClient !== -1) tail += this.#known.splitTail({ client: originClient, clock: originClock }, 'behind');
    if (rightClient !== -1) tail += this.#known.splitTail({ client: rightClient, clock: rightClock }, 'before');
    if (tail === 0) return;
    // Those divided earlier in this update make the tail longer; in the worst order, all of them.
    this.#splits += 1;
    this.#parsed.effort.left -= moveCost(tail + this.#splits);
    this.#checkEffort();
  }

  #checkEffort(): void {
    if (this.#parsed.effort.left < 0) {
      throw new RefusedBytes(refuse('limit-exceeded', 'the update takes too long to merge'));
    }
  }
}

function toId(client: number, clock: number): StructId | null {
  return client === -1 ? null : { client, clock };
}
