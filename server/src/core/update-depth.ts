import { STRUCT_KIND } from './update-content.ts';
import type { ParsedUpdate } from './update-structure.ts';
import type { ReadyBlock } from './update-ready.ts';
import { createStructPlace, readStructPlace, structAt } from './update-struct.ts';

/** Depth of a known struct: 1 directly in a root, one more per nested type around it; `null` when it is collected. */
export type KnownDepth = (client: number, clock: number) => number | null;

interface DepthSource {
  readonly parsed: ParsedUpdate;
  /** The structs that are about to be applied. */
  readonly blocks: readonly ReadyBlock[];
  readonly knownDepth: KnownDepth;
}

/**
 * Returns the depth of the deepest shared type among the structs. Yjs deletes and collects types by recursion, so
 * an unbounded depth overflows the stack.
 */
export function deepestType(source: DepthSource): number {
  return new DepthSearch(source).deepest();
}

interface Position {
  readonly block: ReadyBlock;
  readonly index: number;
}

/** What a struct's depth follows from: the depth of another one, plus 0 (a sibling) or 1 (its parent). */
type Reference = { readonly client: number; readonly clock: number; readonly step: 0 | 1 } | null;

class DepthSearch {
  readonly #source: DepthSource;
  readonly #blocks = new Map<number, ReadyBlock>();
  /** Depths found so far, per block and struct; 0 means not known yet. */
  readonly #depths = new Map<ReadyBlock, Uint16Array>();
  readonly #place = createStructPlace();

  constructor(source: DepthSource) {
    this.#source = source;
    for (const block of source.blocks) {
      this.#blocks.set(block.block.client, block);
      this.#depths.set(block, new Uint16Array(block.to - block.from));
    }
  }

  deepest(): number {
    let deepest = 0;
    for (const block of this.#source.blocks) {
      for (let index = block.from; index < block.to; index += 1) {
        const info = this.#source.parsed.bytes[block.block.starts[index] ?? 0] ?? 0;
        if ((info & 31) === STRUCT_KIND.type) deepest = Math.max(deepest, this.#depthAt({ block, index }));
      }
    }
    return deepest;
  }

  /** Follows references until a depth is known, then fills in the structs on the way; chains can be long. */
  #depthAt(start: Position): number {
    const path: { position: Position; step: 0 | 1 }[] = [];
    let position = start;
    for (;;) {
      const found = this.#read(position);
      if (found > 0) return this.#fill(path, found);
      const reference = this.#referenceOf(position);
      if (reference === null) {
        this.#write(position, 1);
        continue;
      }
      path.push({ position, step: reference.step });
      const next = this.#find(reference.client, reference.clock);
      if (next === null) return this.#fill(path, this.#source.knownDepth(reference.client, reference.clock) ?? 0);
      position = next;
    }
  }

  #fill(path: readonly { position: Position; step: 0 | 1 }[], from: number): number {
    let depth = from;
    for (let index = path.length - 1; index >= 0; index -= 1) {
      const entry = path[index];
      if (entry === undefined) break;
      // Uint16Array would wrap; far above any limit the exact number does not matter.
      depth = Math.min(depth + entry.step, 60_000);
      this.#write(entry.position, Math.max(depth, 1));
    }
    return depth;
  }

  #referenceOf({ block, index }: Position): Reference {
    const place = this.#place;
    readStructPlace(this.#source.parsed.bytes, block.block.starts[index] ?? 0, place);
    if (index === block.from && block.offset > 0) {
      return { client: block.block.client, clock: block.fromClock - 1, step: 0 };
    }
    if (place.originClient !== -1) return { client: place.originClient, clock: place.originClock, step: 0 };
    if (place.rightClient !== -1) return { client: place.rightClient, clock: place.rightClock, step: 0 };
    if (place.parentClient !== -1) return { client: place.parentClient, clock: place.parentClock, step: 1 };
    return null;
  }

  #find(client: number, clock: number): Position | null {
    const block = this.#blocks.get(client);
    if (block === undefined || clock < block.fromClock || clock >= block.toClock) return null;
    return { block, index: structAt(block.block, clock) };
  }

  #read({ block, index }: Position): number {
    return this.#depths.get(block)?.[index - block.from] ?? 0;
  }

  #write({ block, index }: Position, depth: number): void {
    const depths = this.#depths.get(block);
    if (depths !== undefined) depths[index - block.from] = depth;
  }
}
