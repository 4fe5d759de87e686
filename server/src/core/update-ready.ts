import type { UpdateLimits } from './limits.ts';
import { STRUCT_KIND } from './update-content.ts';
import { KeyedValues } from './update-keyed.ts';
import type { ClientBlock, ParsedUpdate } from './update-structure.ts';
import type { Neighbours } from './update-order.ts';
import { type KnownStructs, PlacementCheck } from './update-placement.ts';
import { createStructPlace, readStructPlace, type StructPlace } from './update-struct.ts';

/** The part of one client's block that is new and causally ready: structs `from` to `to`, the first one cut. */
export interface ReadyBlock {
  readonly block: ClientBlock;
  readonly from: number;
  readonly to: number;
  /** Clock units of the first struct that are known already. */
  readonly offset: number;
  readonly fromClock: number;
  readonly toClock: number;
}

/** What of an update can be applied now. */
export interface ReadyPart {
  readonly blocks: readonly ReadyBlock[];
  /** Next expected clock of a client once the blocks are applied. */
  readonly clockAfter: (client: number) => number;
  /** Clients whose structs are lacking, each with the first clock that is. Empty when nothing has to wait. */
  readonly missing: ReadonlyMap<number, number>;
  /** Whether something of the rest can be told only once the blocks are applied. */
  readonly isPartial: boolean;
  /** Other neighbours for structs whose own are not in order, by byte offset. */
  readonly replaced: ReadonlyMap<number, Neighbours>;
  /** Delete ranges, by client, that go in with these structs even where the part is partial. */
  readonly deletesAtOnce: ReadonlyMap<number, readonly number[]>;
  /** Structs that go in without content and place, by byte offset; none when it is not said. */
  readonly emptied?: ReadonlySet<number>;
}

interface Run {
  readonly block: ClientBlock;
  readonly from: number;
  readonly offset: number;
  readonly fromClock: number;
  /** Next struct to look at. */
  next: number;
  /** Struct after the last ready one. */
  to: number;
  /** Next expected clock. */
  clock: number;
  stuck: boolean;
  onStack: boolean;
}

/** A struct waits until `client`'s clock is above `clock`. */
interface Need {
  readonly client: number;
  readonly clock: number;
}

/** A struct that cannot be judged before what it refers to is applied. */
const LATER = 'later';

/**
 * Finds the causally ready part by the dependency rule of `integrateStructs` (yjs 13.6): clocks of a client are
 * contiguous, and what origin, right origin and parent name is known or ready before. Structs that are known already
 * count as done, whatever they say. Throws `RefusedBytes` for what would take too long to merge.
 */
export function findReadyPart(parsed: ParsedUpdate, known: KnownStructs, limits: UpdateLimits): ReadyPart {
  return new ReadySearch(parsed, known, limits).find();
}

class ReadySearch {
  readonly #parsed: ParsedUpdate;
  readonly #known: KnownStructs;
  readonly #runs = new Map<number, Run>();
  readonly #missing = new Map<number, number>();
  readonly #place = createStructPlace();
  readonly #placement: PlacementCheck;
  readonly #keyed: KeyedValues;
  #isPartial = false;

  constructor(parsed: ParsedUpdate, known: KnownStructs, limits: UpdateLimits) {
    this.#parsed = parsed;
    this.#known = known;
    const runOf = (client: number): Run | undefined => this.#runs.get(client);
    const block = (client: number): ClientBlock | undefined => runOf(client)?.block;
    const knownClock = (client: number): number => runOf(client)?.fromClock ?? known.clock(client);
    this.#placement = new PlacementCheck(known, { parsed, limits, block, knownClock });
    this.#keyed = new KeyedValues({ parsed, block, knownClock, hasKey: (id) => known.hasKey(id) });
  }

  find(): ReadyPart {
    for (const block of this.#parsed.blocks)
      this.#runs.set(block.client, startRun(block, this.#known.clock(block.client)));
    for (const run of this.#runs.values()) this.#finish(run);
    const clockAfter = (client: number): number => this.#clock(client);
    this.#noteWaitingDeletes();
    if (!this.#isPartial) this.#placement.countDeletions();
    const blocks: ReadyBlock[] = [];
    for (const run of this.#runs.values()) if (run.to > run.from) blocks.push(toReadyBlock(run));
    return {
      blocks,
      clockAfter,
      missing: this.#missing,
      isPartial: this.#isPartial,
      replaced: this.#placement.replaced,
      deletesAtOnce: this.#keyed.deletes,
    };
  }

  /**
   * Runs a block to its end, and on the way the blocks it waits for, each just as far as needed. When one gets stuck
   * or waits for one that waits for it, everything on the stack is stuck: each needs the one above it.
   */
  #finish(first: Run): void {
    const stack: { run: Run; goal: number }[] = [{ run: first, goal: Infinity }];
    first.onStack = true;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = this.#advance(top.run, top.goal);
      if (need === LATER) {
        this.#isPartial = true;
        return setStuck(stack);
      }
      const source = need === null ? undefined : this.#runs.get(need.client);
      if (need === null) {
        top.run.onStack = false;
        stack.pop();
      } else if (source === undefined || source.stuck || source.onStack || source.next === source.block.starts.length) {
        this.#noteMissing(need.client);
        return setStuck(stack);
      } else {
        source.onStack = true;
        stack.push({ run: source, goal: need.clock });
      }
    }
  }

  /** Goes on until the clock is above the goal or the block ends; returns what it has to wait for. */
  #advance(run: Run, goal: number): Need | typeof LATER | null {
    const { block } = run;
    if (run.stuck) return null;
    while (run.next < block.starts.length && run.clock <= goal) {
      const start = block.starts[run.next] ?? 0;
      const clock = block.clocks[run.next] ?? 0;
      if (this.#parsed.bytes[start] === STRUCT_KIND.skip) {
        run.next += 1;
        continue;
      }
      if (clock > run.clock) return { client: block.client, clock };
      const need = this.#needOf(run, clock, start);
      if (need !== null) return need;
      run.next += 1;
      run.to = run.next;
      run.clock = block.clocks[run.next] ?? block.endClock;
    }
    return null;
  }

  /** What a struct has to wait for; collected ones refer to nothing. */
  #needOf(run: Run, clock: number, start: number): Need | typeof LATER | null {
    if (this.#parsed.bytes[start] === STRUCT_KIND.gc) return null;
    return this.#firstNeed(run.block.client, start, run.clock > clock) ?? this.#judge(run, clock, start);
  }

  /** A struct whose beginning is known is cut and hangs on the known part, so only its right origin counts. */
  #firstNeed(client: number, start: number, isCut: boolean): Need | null {
    const place = this.#place;
    readStructPlace(this.#parsed.bytes, start, place);
    if (!isCut && this.#lacks(client, place.originClient, place.originClock)) {
      return { client: place.originClient, clock: place.originClock };
    }
    if (this.#lacks(client, place.rightClient, place.rightClock)) {
      return { client: place.rightClient, clock: place.rightClock };
    }
    if (!isCut && this.#lacks(client, place.parentClient, place.parentClock)) {
      return { client: place.parentClient, clock: place.parentClock };
    }
    return null;
  }

  /** Judges the place that `#firstNeed` read. */
  #judge(run: Run, clock: number, start: number): typeof LATER | null {
    const place = this.#place;
    if (run.clock > clock) hangOnKnownPart(place, run);
    const insertion = { client: run.block.client, clock: run.clock, start, place };
    if (!this.#placement.admits(insertion)) return LATER;
    this.#keyed.admit(insertion, run.block.clocks[run.next + 1] ?? run.block.endClock);
    return null;
  }

  #lacks(own: number, client: number, clock: number): boolean {
    return client !== -1 && client !== own && clock >= this.#clock(client);
  }

  #clock(client: number): number {
    return this.#runs.get(client)?.clock ?? this.#known.clock(client);
  }

  #noteMissing(client: number): void {
    this.#missing.set(client, this.#clock(client));
  }

  #noteWaitingDeletes(): void {
    for (const { client, ranges } of this.#parsed.deletes) {
      const clock = this.#clock(client);
      for (let index = 0; index < ranges.length; index += 2) {
        if ((ranges[index] ?? 0) + (ranges[index + 1] ?? 0) > clock) this.#missing.set(client, clock);
      }
    }
  }
}

/** What is left of a struct whose beginning is known stands right of that. */
function hangOnKnownPart(place: StructPlace, run: Run): void {
  place.originClient = run.block.client;
  place.originClock = run.clock - 1;
  place.parentClient = -1;
}

function setStuck(stack: readonly { readonly run: Run }[]): void {
  for (const { run } of stack) {
    run.stuck = true;
    run.onStack = false;
  }
}

function startRun(block: ClientBlock, known: number): Run {
  const from = firstNewStruct(block, known);
  const clock = block.clocks[from];
  const offset = clock === undefined ? 0 : Math.max(0, known - clock);
  return { block, from, offset, fromClock: known, next: from, to: from, clock: known, stuck: false, onStack: false };
}

/** Index of the first struct that ends above the known clock. */
function firstNewStruct(block: ClientBlock, known: number): number {
  if (block.clock >= known) return 0;
  if (block.endClock <= known) return block.starts.length;
  let low = 0;
  let high = block.starts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((block.clocks[middle + 1] ?? block.endClock) > known) high = middle;
    else low = middle + 1;
  }
  return low;
}

function toReadyBlock(run: Run): ReadyBlock {
  const { block, from, to, offset, fromClock, clock } = run;
  return { block, from, to, offset, fromClock, toClock: clock };
}
