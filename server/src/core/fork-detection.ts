import type { CarriedRanges } from './fork-carried.ts';
import { contentDigests, readStructContent, sliceContent, type StructContent } from './fork-content.ts';
import type { ClientBlock, ParsedUpdate } from './update-structure.ts';
import { createStructPlace, readStructPlace, type StructId, type StructPlace } from './update-struct.ts';

/** A piece of known content: `length` clock units from `clock` on. */
export interface KnownSegment {
  readonly clock: number;
  readonly length: number;
  /** What the piece was written after and before; `null` for nothing, and for a piece that is collected. */
  readonly origin: StructId | null;
  readonly rightOrigin: StructId | null;
  readonly content: StructContent;
}

/** What fork detection asks about the merged state. */
export interface KnownContent {
  /** Next expected clock of a client, 0 for an unknown one. */
  clock(client: number): number;
  /** The pieces that make up these known clocks, in order. */
  knownContent(client: number, clock: number, length: number): readonly KnownSegment[];
}

/** The document as fork detection sees it. */
export interface ForkView {
  readonly state: KnownContent;
  readonly carried: CarriedRanges;
}

/**
 * Looks at the structs that a session sends under clientIDs it owns and whose clocks the document knows already.
 * Returns the clientID under which somebody else wrote something different, or `null`. A repetition of what is known
 * is no fork, also where it was deleted since.
 */
export function detectFork(parsed: ParsedUpdate, ownClients: ReadonlySet<number>, view: ForkView): number | null {
  for (const block of parsed.blocks) {
    if (!ownClients.has(block.client)) continue;
    if (block.clock < view.state.clock(block.client) && isForked(parsed.bytes, block, view)) return block.client;
  }
  return null;
}

function isForked(bytes: Uint8Array, block: ClientBlock, view: ForkView): boolean {
  const known = view.state.clock(block.client);
  const place = createStructPlace();
  for (let index = 0; index < block.starts.length; index += 1) {
    const clock = block.clocks[index] ?? 0;
    if (clock >= known) return false;
    readStructPlace(bytes, block.starts[index] ?? 0, place);
    const content = readStructContent(bytes, place.info & 31, place.contentStart);
    // A client that no longer has the content cannot claim that it was another.
    if (content.kind === 'gone') continue;
    const struct = { client: block.client, clock, place, content };
    const length = Math.min(block.clocks[index + 1] ?? block.endClock, known) - clock;
    const segments = view.state.knownContent(block.client, clock, length);
    if (segments.some((segment) => differs(struct, segment, view.carried))) return true;
  }
  return false;
}

interface SentStruct extends StructId {
  readonly place: StructPlace;
  readonly content: StructContent;
}

function differs(struct: SentStruct, segment: KnownSegment, carried: CarriedRanges): boolean {
  const from = segment.clock - struct.clock;
  const piece = sliceContent(struct.content, from, from + segment.length);
  if (segment.content.kind === 'gone') return carried.differs(struct.client, segment.clock, piece);
  return !isSamePlace(struct, segment) || !isSameContent(piece, segment.content);
}

/** Inside a struct each unit stands right of the one before it, wherever the known pieces are divided. */
function isSamePlace({ client, clock, place }: SentStruct, segment: KnownSegment): boolean {
  const isFirst = segment.clock === clock;
  const originClient = isFirst ? place.originClient : client;
  const originClock = isFirst ? place.originClock : segment.clock - 1;
  // The gate may have put the known one between other neighbours, where those that were sent were not in order. Then it
  // kept the origin, or without one the right origin.
  if (originClient !== -1 || place.rightClient === -1) return isId(segment.origin, originClient, originClock);
  return isId(segment.rightOrigin, place.rightClient, place.rightClock);
}

function isId(id: StructId | null, client: number, clock: number): boolean {
  return id === null ? client === -1 : id.client === client && id.clock === clock;
}

function isSameContent(a: StructContent, b: StructContent): boolean {
  if (a.kind === 'text' && b.kind === 'text' && a.text === b.text) return true;
  const digestsA = contentDigests(a);
  const digestsB = contentDigests(b);
  return digestsA.length === digestsB.length && digestsA.every((digest, index) => digest === digestsB[index]);
}
