import { STRUCT_KIND } from './update-content.ts';
import type { ClientBlock, ParsedUpdate } from './update-parser.ts';
import { createStructPlace, readStructPlace } from './update-struct.ts';

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

type ClockOf = (client: number) => number;

/**
 * Finds the causally ready part by the dependency rule of `integrateStructs` (yjs 13.6): clocks of a client are
 * contiguous, and what origin, right origin and parent name is known or ready before. Structs that are known already
 * count as done, whatever they say.
 */
export function findReadyPart(parsed: ParsedUpdate, knownClock: ClockOf): ReadyPart {
  return new ReadySearch(parsed, knownClock).find();
}

class ReadySearch {
  readonly #parsed: ParsedUpdate;
  readonly #knownClock: ClockOf;
  readonly #runs = new Map<number, Run>();
  readonly #missing = new Map<number, number>();
  readonly #place = createStructPlace();

  constructor(parsed: ParsedUpdate, knownClock: ClockOf) {
    this.#parsed = parsed;
    this.#knownClock = knownClock;
  }

  find(): ReadyPart {
    for (const block of this.#parsed.blocks) this.#runs.set(block.client, startRun(block, this.#knownClock(block.client)));
    for (const run of this.#runs.values()) this.#finish(run);
    const clockAfter = (client: number): number => this.#clock(client);
    this.#noteWaitingDeletes();
    const blocks: ReadyBlock[] = [];
    for (const run of this.#runs.values()) if (run.to > run.from) blocks.push(toReadyBlock(run));
    return { blocks, clockAfter, missing: this.#missing };
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
      const source = need === null ? undefined : this.#runs.get(need.client);
      if (need === null) {
        top.run.onStack = false;
        stack.pop();
      } else if (source === undefined || source.stuck || source.onStack || source.next === source.block.starts.length) {
        this.#noteMissing(need.client);
        for (const { run } of stack) {
          run.stuck = true;
          run.onStack = false;
        }
        return;
      } else {
        source.onStack = true;
        stack.push({ run: source, goal: need.clock });
      }
    }
  }

  /** Goes on until the clock is above the goal or the block ends; returns what it has to wait for. */
  #advance(run: Run, goal: number): Need | null {
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
      const need = this.#firstNeed(block.client, start, run.clock > clock);
      if (need !== null) return need;
      run.next += 1;
      run.to = run.next;
      run.clock = block.clocks[run.next] ?? block.endClock;
    }
    return null;
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

  #lacks(own: number, client: number, clock: number): boolean {
    return client !== -1 && client !== own && clock >= this.#clock(client);
  }

  #clock(client: number): number {
    return this.#runs.get(client)?.clock ?? this.#knownClock(client);
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
