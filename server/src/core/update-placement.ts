import type { UpdateLimits } from './limits.ts';
import { CrowdCheck, type Insertion, type InsertionPlace } from './update-crowd.ts';
import { type Effort, moveCost } from './update-effort.ts';
import { checkOrder, type OrderSource, type OrderVerdict } from './update-order.ts';
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
  /** Byte offsets of the structs whose right origin is not to be used. */
  readonly unbounded = new Set<number>();
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
    const { unbounded } = this;
    this.#order = { bytes, block, knownClock, unbounded, inOrder: (left, right) => known.inOrder(left, right, effort) };
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
   * applied. Throws `RefusedBytes` when it must not go in. Takes the right origin out of the place where it is out of
   * order, and notes the struct as `unbounded`.
   */
  admits(insertion: Insertion): boolean {
    const order = this.#orderOf(insertion.place);
    if (order === 'later') return false;
    if (order === 'unordered') {
      this.unbounded.add(insertion.start);
      insertion.place.rightClient = -1;
    }
    if (this.#isLarge) this.#countSplits(insertion.place);
    return this.#crowd.admits(insertion);
  }

  /** Counts what the delete ranges take. Throws `RefusedBytes` when it is too much. */
  countDeletions(): void {
    for (const { client, ranges } of this.#parsed.deletes) {
      if (ranges.length > 2 * SMALL) this.#known.countDeletion(client, ranges, this.#parsed.effort);
    }
    this.#checkEffort();
  }

  #orderOf({ originClient, originClock, rightClient, rightClock }: StructPlace): OrderVerdict {
    if (originClient === -1 || rightClient === -1) return 'ordered';
    const origin = { client: originClient, clock: originClock };
    const verdict = checkOrder(this.#order, origin, { client: rightClient, clock: rightClock });
    this.#checkEffort();
    return verdict;
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
