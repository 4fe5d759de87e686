import { STRUCT_KIND } from './update-content.ts';
import { createStructPlace, readStructPlace, structAt, type StructId } from './update-struct.ts';
import type { ClientBlock } from './update-structure.ts';

/** What a struct was inserted between; `null` for the start or the end of the list. */
export interface Neighbours {
  readonly origin: StructId | null;
  readonly rightOrigin: StructId | null;
}

/** What the order check asks about the document and about the update. */
export interface OrderSource {
  readonly bytes: Uint8Array;
  /** Other neighbours than the bytes name, by the byte offset of the struct. */
  readonly replaced: ReadonlyMap<number, Neighbours>;
  /** The structs of a client in the update. */
  block(client: number): ClientBlock | undefined;
  /** Next expected clock of a client in the document; what lies below is known. */
  knownClock(client: number): number;
  /** Whether a known struct stands left of another in one list; also true when either is collected. */
  inOrder(left: StructId, right: StructId): boolean;
  /** What a known clock unit was inserted between; `null` when it is collected. */
  neighboursOf(id: StructId): Neighbours | null;
}

/** `later`: it can be told once the structs it refers to are applied. */
export type OrderVerdict = 'ordered' | 'unordered' | 'later';

/** Longest chain of references that is followed; longer ones are decided after what they hang on is applied. */
const CHAIN = 16;

/**
 * Decides whether somebody can have inserted a struct between these neighbours: at that moment they stood next to each
 * other, so the left one stands left of the right one, and what these were inserted between themselves lies outside.
 * Yjs takes any pair, but replicas that integrate a twisted one in different orders end up with different documents;
 * its own redo makes some (yjs 13.6.33).
 */
export function checkOrder(source: OrderSource, { origin, rightOrigin }: Neighbours): OrderVerdict {
  if (origin === null && rightOrigin === null) return 'ordered';
  const ofLeft = origin === null ? START : neighboursOf(source, origin);
  const ofRight = rightOrigin === null ? END : neighboursOf(source, rightOrigin);
  // Next to what is collected it is collected itself.
  if (ofLeft === null || ofRight === null) return 'ordered';
  // Where it continues one of the two, what was checked for that one holds for it.
  if (origin !== null && isSame(ofLeft.rightOrigin, rightOrigin)) return 'ordered';
  if (rightOrigin !== null && isSame(ofRight.origin, origin)) return 'ordered';
  if (origin === null || rightOrigin === null) return 'unordered';
  const verdicts = [
    isSame(origin, rightOrigin) ? 'unordered' : compare(source, origin, rightOrigin),
    ofRight.origin === null ? 'ordered' : compare(source, ofRight.origin, origin),
    ofLeft.rightOrigin === null ? 'ordered' : compare(source, rightOrigin, ofLeft.rightOrigin),
  ];
  if (verdicts.includes('unordered')) return 'unordered';
  return verdicts.includes('later') ? 'later' : 'ordered';
}

const START: Neighbours = { origin: null, rightOrigin: null };
const END: Neighbours = START;

/**
 * Whether one struct stands at or left of another. Those of the update were checked before, so each stands right of its
 * origin and left of its right origin; both references are followed inwards, towards structs that can be compared.
 */
function compare(source: OrderSource, left: StructId, right: StructId): OrderVerdict {
  if (isSame(left, right)) return 'ordered';
  if (isKnown(source, left) && isKnown(source, right)) return source.inOrder(left, right) ? 'ordered' : 'unordered';
  const lefts = followChain(source, left, 'rightOrigin');
  const rights = followChain(source, right, 'origin');
  return lefts.some((a) => rights.some((b) => isAtOrLeft(source, a, b))) ? 'ordered' : 'later';
}

/** The struct and, as long as they are new, what it stands left (or right) of, and so on; each is a looser bound. */
function followChain(source: OrderSource, start: StructId, side: keyof Neighbours): readonly StructId[] {
  const chain: StructId[] = [start];
  let id: StructId | null = start;
  while (id !== null && chain.length < CHAIN && !isKnown(source, id)) {
    id = neighboursOf(source, id)?.[side] ?? null;
    if (id !== null) chain.push(id);
  }
  return chain;
}

/** What a clock unit was inserted between; `null` when it is collected. The units of a struct follow each other. */
function neighboursOf(source: OrderSource, id: StructId): Neighbours | null {
  if (isKnown(source, id)) return source.neighboursOf(id);
  const block = source.block(id.client);
  if (block === undefined) return null;
  const index = structAt(block, id.clock);
  const start = block.starts[index] ?? 0;
  if (source.bytes[start] === STRUCT_KIND.gc) return null;
  const own = source.replaced.get(start) ?? readNeighbours(source.bytes, start);
  const isFirst = (block.clocks[index] ?? 0) === id.clock;
  return isFirst ? own : { origin: { client: id.client, clock: id.clock - 1 }, rightOrigin: own.rightOrigin };
}

function readNeighbours(bytes: Uint8Array, start: number): Neighbours {
  const place = createStructPlace();
  readStructPlace(bytes, start, place);
  return {
    origin: place.originClient === -1 ? null : { client: place.originClient, clock: place.originClock },
    rightOrigin: place.rightClient === -1 ? null : { client: place.rightClient, clock: place.rightClock },
  };
}

/** Only where it can be told: structs of the update compare when they are one struct, known ones in the document. */
function isAtOrLeft(source: OrderSource, left: StructId, right: StructId): boolean {
  if (isSame(left, right)) return true;
  const isLeftKnown = isKnown(source, left);
  if (isLeftKnown !== isKnown(source, right)) return false;
  if (isLeftKnown) return source.inOrder(left, right);
  if (left.client !== right.client || left.clock >= right.clock) return false;
  const block = source.block(left.client);
  return block !== undefined && structAt(block, left.clock) === structAt(block, right.clock);
}

function isKnown(source: OrderSource, id: StructId): boolean {
  return id.clock < source.knownClock(id.client);
}

function isSame(a: StructId | null, b: StructId | null): boolean {
  return a === b || (a !== null && b !== null && a.client === b.client && a.clock === b.clock);
}
