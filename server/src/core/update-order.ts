import type { ClientBlock } from './update-structure.ts';
import { createStructPlace, readStructPlace, structAt, type StructId, type StructPlace } from './update-struct.ts';

/** What the order check asks about the document and about the update. */
export interface OrderSource {
  readonly bytes: Uint8Array;
  /** Byte offsets of the structs of the update whose right origin was found out of order. */
  readonly unbounded: ReadonlySet<number>;
  /** The structs of a client in the update. */
  block(client: number): ClientBlock | undefined;
  /** Next expected clock of a client in the document; what lies below is known. */
  knownClock(client: number): number;
  /** Whether a known struct stands left of another in one list; also true when either is collected. */
  inOrder(left: StructId, right: StructId): boolean;
}

/** `later`: it can be told once the structs it refers to are applied. */
export type OrderVerdict = 'ordered' | 'unordered' | 'later';

/** Longest chain of references that is followed; longer ones are decided after what they hang on is applied. */
const CHAIN = 16;

/**
 * Decides whether a struct's origin stands left of its right origin, as it does where somebody inserted something
 * between two neighbours. Yjs takes any pair, but replicas that integrate a twisted one in different orders end up with
 * different documents; its own redo makes some (yjs 13.6.33).
 *
 * Structs of the update that were found in order before bound each other: one stands left of its right origin and
 * right of its origin. So both references are followed inwards, towards structs that can be compared.
 */
export function checkOrder(source: OrderSource, origin: StructId, rightOrigin: StructId): OrderVerdict {
  const isKnown = (id: StructId): boolean => id.clock < source.knownClock(id.client);
  if (isKnown(origin) && isKnown(rightOrigin)) return source.inOrder(origin, rightOrigin) ? 'ordered' : 'unordered';
  const lefts = followChain(source, origin, 'right');
  const rights = followChain(source, rightOrigin, 'left');
  for (const left of lefts) {
    for (const right of rights) {
      const isWholePair = left === origin && right === rightOrigin;
      if (isAtOrBefore(source, left, right) && !(isWholePair && isSame(left, right))) return 'ordered';
    }
  }
  return isSame(origin, rightOrigin) ? 'unordered' : 'later';
}

/** The struct and, as long as they are new, what it stands left (or right) of, and so on; each bounds it more loosely. */
function followChain(source: OrderSource, start: StructId, side: 'left' | 'right'): readonly StructId[] {
  const chain: StructId[] = [start];
  const place = createStructPlace();
  for (let id = start; chain.length < CHAIN && id.clock >= source.knownClock(id.client);) {
    const next = boundOf(source, id, { side, place });
    if (next === null) break;
    chain.push(next);
    id = next;
  }
  return chain;
}

interface Bound {
  readonly side: 'left' | 'right';
  /** To read into. */
  readonly place: StructPlace;
}

/** What a new struct stands left or right of; one whose beginning is known hangs on that. */
function boundOf(source: OrderSource, id: StructId, { side, place }: Bound): StructId | null {
  const block = source.block(id.client);
  if (block === undefined) return null;
  const index = structAt(block, id.clock);
  const start = block.starts[index] ?? 0;
  readStructPlace(source.bytes, start, place);
  if (side === 'right') {
    const hasBound = place.rightClient !== -1 && !source.unbounded.has(start);
    return hasBound ? { client: place.rightClient, clock: place.rightClock } : null;
  }
  const known = source.knownClock(id.client);
  if ((block.clocks[index] ?? 0) < known) return { client: id.client, clock: known - 1 };
  return place.originClient === -1 ? null : { client: place.originClient, clock: place.originClock };
}

/** Only where it can be told: structs of the update compare when they are one struct, known ones in the document. */
function isAtOrBefore(source: OrderSource, left: StructId, right: StructId): boolean {
  if (isSame(left, right)) return true;
  const isLeftKnown = left.clock < source.knownClock(left.client);
  const isRightKnown = right.clock < source.knownClock(right.client);
  if (isLeftKnown !== isRightKnown) return false;
  if (isLeftKnown) return source.inOrder(left, right);
  if (left.client !== right.client || left.clock >= right.clock) return false;
  const block = source.block(left.client);
  return block !== undefined && structAt(block, left.clock) === structAt(block, right.clock);
}

function isSame(a: StructId, b: StructId): boolean {
  return a.client === b.client && a.clock === b.clock;
}
