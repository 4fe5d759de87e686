import { STRUCT_KIND } from './update-content.ts';
import type { Insertion } from './update-crowd.ts';
import { RefusedBytes, refuse } from './update-refusal.ts';
import { structAt, type StructId, type StructPlace } from './update-struct.ts';
import type { ClientBlock, DeleteRanges, ParsedUpdate } from './update-structure.ts';

/** What the check asks about the document and the update. */
export interface KeySource {
  readonly parsed: ParsedUpdate;
  /** The structs of a client in the update. */
  block(client: number): ClientBlock | undefined;
  /** Next expected clock of a client in the document; what lies below is known. */
  knownClock(client: number): number;
  /** Whether a known struct is a value under a key; false when it is collected. */
  hasKey(id: StructId): boolean;
}

/**
 * Refuses values of several parts under one key. No editor writes one, and Yjs reads it in two ways: divided in a
 * document that has it, its first part stays; loaded in its two parts, the second deletes the first. So a replica that
 * was there and one that comes later would count other things as deleted.
 *
 * What was overwritten is another matter: Yjs joins neighbours that are deleted, and an editor that keeps them sends
 * them as one, together with their deletion.
 */
export class KeyedValues {
  /** Delete ranges of such values, which go in together with them even when the others have to wait. */
  readonly deletes = new Map<number, number[]>();
  readonly #source: KeySource;
  /** Byte offsets of the update's structs that are values under a key. */
  readonly #keyed = new Set<number>();
  readonly #deletesOf = new Map<number, DeleteRanges>();
  readonly #isAlone: boolean;

  constructor(source: KeySource) {
    this.#source = source;
    const { blocks, deletes } = source.parsed;
    this.#isAlone = blocks.length === 1 && blocks[0]?.starts.length === 1;
    for (const entry of deletes) this.#deletesOf.set(entry.client, entry);
  }

  /** Takes the structs in the order in which they go in; `end` is the clock after the struct. */
  admit({ client, clock, start, place }: Insertion, end: number): void {
    const length = end - clock;
    const kind = place.info & 31;
    // A letter that does not say that it has a key has one part until another follows it, and both are put together.
    const isSingle = length === 1 && (kind !== STRUCT_KIND.string || (place.info & 32) !== 0);
    if ((this.#isAlone && isSingle) || !this.#isUnderKey(place)) return;
    this.#keyed.add(start);
    if (isSingle || kind === STRUCT_KIND.deleted) return;
    if (!this.#isDeleted(client, clock, end)) {
      throw new RefusedBytes(refuse('forbidden-update', 'a value under a key has several parts'));
    }
    const ranges = this.deletes.get(client) ?? [];
    ranges.push(clock, length);
    this.deletes.set(client, ranges);
  }

  /** As `Item.getMissing` (yjs 13.6) finds it: a neighbour's key counts, and the struct's own only where it has none. */
  #isUnderKey({ info, originClient, originClock, rightClient, rightClock }: StructPlace): boolean {
    if (originClient !== -1) return this.#hasKey({ client: originClient, clock: originClock });
    if (rightClient !== -1) return this.#hasKey({ client: rightClient, clock: rightClock });
    return (info & 32) !== 0;
  }

  #hasKey(id: StructId): boolean {
    if (id.clock < this.#source.knownClock(id.client)) return this.#source.hasKey(id);
    const block = this.#source.block(id.client);
    return block !== undefined && this.#keyed.has(block.starts[structAt(block, id.clock)] ?? -1);
  }

  /** Whether one range of the update covers it; Yjs writes neighbouring ranges as one. */
  #isDeleted(client: number, clock: number, end: number): boolean {
    const ranges = this.#deletesOf.get(client)?.ranges ?? [];
    let [low, high] = [0, ranges.length / 2];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[2 * middle] ?? 0) <= clock) low = middle + 1;
      else high = middle;
    }
    const at = 2 * (low - 1);
    return low > 0 && (ranges[at] ?? 0) + (ranges[at + 1] ?? 0) >= end;
  }
}
