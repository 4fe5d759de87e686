import { STRUCT_KIND } from './update-content.ts';
import type { ReadyBlock, ReadyPart } from './update-ready.ts';
import { refuse, type Refusal } from './update-refusal.ts';
import { createStructPlace, readParentNames, readStructPlace, structAt, type StructId } from './update-struct.ts';
import type { Effort } from './update-effort.ts';
import type { DeleteRanges, ParsedUpdate } from './update-structure.ts';
import { COMMENTS_ROOT } from './write-scope.ts';

/** What the check asks about the document. */
export interface KnownRoots {
  clock(client: number): number;
  /** Name of the root type that a known struct lies in; `null` when it is collected, which leaves no trace of it. */
  rootOf(client: number, clock: number): string | null;
  /**
   * Whether all that delete ranges would delete of what is known lies in the root; marks of formats may lie elsewhere
   * when nothing looks different without them. Takes a step per item it has to look at, and says no when the effort
   * runs out.
   */
  deletesOnlyIn(root: string, deletes: readonly DeleteRanges[], effort: Effort): boolean;
}

const UNKNOWN = 0;
/** Below the root of the comments. */
const INSIDE = 1;
/** Collected, or hanging on something collected: Yjs makes an empty struct of it. */
const COLLECTED = 2;

/**
 * Holds the ready part of an update to the root of the comments: whatever a struct refers to (origin, right origin,
 * parent) and whatever a delete range would delete must lie below it. Returns the offsets of the structs that hang on
 * collected ones. Where those once were cannot be told any more, so such a struct goes in as an empty one, which it is in
 * every replica that has collected them too, and which does no harm in one that has not.
 */
export function holdToComments(
  parsed: ParsedUpdate,
  ready: ReadyPart,
  known: KnownRoots,
): Refusal | ReadonlySet<number> {
  const check = new RootCheck(parsed, ready, known);
  // Structs of the update itself are looked at, so of the delete ranges only what the document knows is left. Yjs tidies
  // up formats by itself in every replica that receives some, a commenter's too, by deleting marks that do nothing.
  const isInside =
    check.structsAreInside() && (ready.isPartial || known.deletesOnlyIn(COMMENTS_ROOT, parsed.deletes, parsed.effort));
  return isInside ? check.emptied : refuse('comments-only', 'the update touches something outside the comments');
}

interface Position {
  readonly block: ReadyBlock;
  readonly index: number;
}

class RootCheck {
  readonly emptied = new Set<number>();
  readonly #parsed: ParsedUpdate;
  readonly #known: KnownRoots;
  readonly #blocks = new Map<number, ReadyBlock>();
  /** What was found so far, per block and struct. */
  readonly #found = new Map<ReadyBlock, Uint8Array>();
  readonly #place = createStructPlace();

  constructor(parsed: ParsedUpdate, ready: ReadyPart, known: KnownRoots) {
    this.#parsed = parsed;
    this.#known = known;
    for (const block of ready.blocks) {
      this.#blocks.set(block.block.client, block);
      this.#found.set(block, new Uint8Array(block.to - block.from));
    }
  }

  structsAreInside(): boolean {
    for (const block of this.#blocks.values()) {
      for (let index = block.from; index < block.to; index += 1) if (!this.#settle({ block, index })) return false;
    }
    return true;
  }

  /** Finds where a struct lies, and before it whatever of the update it hangs on; what is ready hangs on no circle. */
  #settle(first: Position): boolean {
    const stack = [first];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = this.#read(top) === UNKNOWN ? this.#judge(top) : null;
      if (next === 'outside') return false;
      if (next === null) stack.pop();
      else stack.push(next);
    }
    return true;
  }

  /** Notes where a struct lies; returns one of the update that must be found first, if there is one. */
  #judge(position: Position): Position | 'outside' | null {
    const { block, index } = position;
    const start = block.block.starts[index] ?? 0;
    readStructPlace(this.#parsed.bytes, start, this.#place);
    const kind = this.#place.info & 31;
    if (kind === STRUCT_KIND.gc || kind === STRUCT_KIND.skip) return this.#note(position, COLLECTED);
    const references = this.#references(position);
    if (references.length === 0 && readParentNames(this.#parsed.bytes, start).root !== COMMENTS_ROOT) return 'outside';
    let found = INSIDE;
    for (const { client, clock } of references) {
      const other = this.#find(client, clock);
      const there = other === null ? this.#lookUp(client, clock) : this.#read(other);
      if (there === 'outside') return 'outside';
      if (there === UNKNOWN) return other;
      if (there === COLLECTED) found = COLLECTED;
    }
    if (found === COLLECTED) this.emptied.add(start);
    return this.#note(position, found);
  }

  /** What `readStructPlace` found last; a struct whose beginning is known hangs on that instead of origin and parent. */
  #references({ block, index }: Position): readonly StructId[] {
    const { originClient, originClock, rightClient, rightClock, parentClient, parentClock } = this.#place;
    const isCut = index === block.from && block.offset > 0;
    return [
      isCut ? { client: block.block.client, clock: block.fromClock - 1 } : { client: originClient, clock: originClock },
      { client: rightClient, clock: rightClock },
      { client: isCut ? -1 : parentClient, clock: parentClock },
    ].filter(({ client }) => client !== -1);
  }

  #lookUp(client: number, clock: number): number | 'outside' {
    const root = this.#known.rootOf(client, clock);
    if (root === null) return COLLECTED;
    return root === COMMENTS_ROOT ? INSIDE : 'outside';
  }

  #find(client: number, clock: number): Position | null {
    const block = this.#blocks.get(client);
    if (block === undefined || clock < block.fromClock || clock >= block.toClock) return null;
    return { block, index: structAt(block.block, clock) };
  }

  #read({ block, index }: Position): number {
    return this.#found.get(block)?.[index - block.from] ?? UNKNOWN;
  }

  #note({ block, index }: Position, found: number): null {
    const there = this.#found.get(block);
    if (there !== undefined) there[index - block.from] = found;
    return null;
  }
}
