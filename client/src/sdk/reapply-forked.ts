import * as encoding from 'lib0/encoding';
import {
  createID,
  decodeUpdate,
  encodeStateAsUpdate,
  encodeStateVector,
  GC,
  Item,
  UpdateEncoderV1,
  type Doc,
  type ID,
} from 'yjs';
import { readStateVector } from './state-vector.ts';

type Update = ReturnType<typeof decodeUpdate>;
type Struct = Update['structs'][number];
type Deletion = { readonly clock: number; readonly len: number };

/** Structs of one client, from a clock to before another, are to live under another clientID, from clock 0 on. */
interface Move {
  readonly client: number;
  readonly from: number;
  readonly to: number;
  readonly fresh: number;
}

export interface ForkedText {
  /** The copy in which the clientID was used here. */
  readonly here: Doc;
  /** The document as the server has it. */
  readonly server: Doc;
  readonly client: number;
  /** Below this clock the server was seen to have what is here. */
  readonly confirmed: number;
  /** Below this clock the structs here were written here; the server's own follow, if they have come already. */
  readonly written: number;
  /** A clientID that nobody uses. */
  readonly fresh: number;
}

/**
 * When somebody else wrote under the same clientID, the clocks of this copy mean other text on the server, which will
 * never take them. This makes an update for the server's state in which that text has a clientID of its own, at the same
 * place; what else the server lacks comes along. Deletions that the server made of its own text are left out.
 */
export function moveForkedText({ here, server, client, confirmed, written, fresh }: ForkedText): Uint8Array {
  const from = Math.min(written, findForkClock({ here, server, client, confirmed }));
  const move: Move = { client, from, to: written, fresh };
  const known = new Map(readStateVector(server));
  known.set(client, move.from);
  const missing = decodeUpdate(encodeStateAsUpdate(here, encodeVector(known)));
  const deletedThere = decodeUpdate(encodeStateAsUpdate(server, encodeStateVector(server))).ds;
  return encodeUpdate(
    missing.structs
      .filter(({ id }) => id.client !== client || id.clock < written)
      .map((struct) => moveStruct(struct, move)),
    moveDeletions(missing.ds, deletedThere, move),
  );
}

/**
 * The first clock at which this copy and the server part. What the server has deleted cannot be compared: it is taken
 * for the same if later clocks agree, and for different if none does, since losing text is worse than repeating it.
 */
function findForkClock({ here, server, client, confirmed }: Omit<ForkedText, 'fresh' | 'written'>): number {
  const mine = readUnits(here, client, confirmed);
  const theirs = readUnits(server, client, confirmed);
  let agreed = 0;
  for (let index = 0; index < Math.min(mine.length, theirs.length); index += 1) {
    const [ours, other] = [mine[index], theirs[index]];
    if (ours === other && ours !== null) agreed = index + 1;
    else if (ours !== null && other !== null) break;
  }
  return confirmed + agreed;
}

/** A description of each clock unit of a client from a clock on; `null` where the content is gone. */
function readUnits(document: Doc, client: number, from: number): readonly (string | null)[] {
  const known = new Map(readStateVector(document));
  known.set(client, from);
  const { structs } = decodeUpdate(encodeStateAsUpdate(document, encodeVector(known)));
  return structs.flatMap((struct) => {
    if (struct.id.client !== client) return [];
    if (!(struct instanceof Item) || !struct.content.isCountable())
      return Array.from({ length: struct.length }, () => null);
    const content: unknown[] = struct.content.getContent();
    return content.map((unit, index) => {
      const origin = index === 0 ? struct.origin : createID(client, struct.id.clock + index - 1);
      return JSON.stringify([origin, struct.rightOrigin, describeUnit(unit)]);
    });
  });
}

/** A nested type is told by its kind alone: what is in it has clocks of its own. */
function describeUnit(unit: unknown): unknown {
  return typeof unit === 'object' && unit !== null && '_item' in unit ? unit.constructor.name : unit;
}

function moveId<T extends ID | null>(id: T, move: Move): T | ID {
  if (id === null || id.client !== move.client || id.clock < move.from || id.clock >= move.to) return id;
  return createID(move.fresh, id.clock - move.from);
}

function moveStruct(struct: Struct, move: Move): Struct {
  const id = moveId(struct.id, move);
  const length = struct.id.client === move.client ? Math.min(struct.length, move.to - struct.id.clock) : struct.length;
  if (struct instanceof GC) return new GC(id, length);
  if (!(struct instanceof Item)) return struct;
  // Yjs joins neighbours, whoever they are of; this leaves the first part in the struct, which is a copy.
  if (length < struct.length) struct.content.splice(length);
  // In a decoded update a parent is a root's name, an ID, or absent; Yjs's types know only what it is in a document.
  const parent = struct.parent as unknown;
  const moved = isId(parent) ? moveId(parent, move) : parent;
  return new Item(
    id,
    null,
    moveId(struct.origin, move),
    null,
    moveId(struct.rightOrigin, move),
    moved as Item['parent'],
    struct.parentSub,
    struct.content,
  );
}

function isId(value: unknown): value is ID {
  return typeof value === 'object' && value !== null && 'client' in value && 'clock' in value;
}

function moveDeletions(
  deletions: Update['ds'],
  there: Update['ds'],
  move: Move,
): ReadonlyMap<number, readonly Deletion[]> {
  const moved = new Map<number, Deletion[]>();
  for (const [client, ranges] of deletions.clients) {
    if (client !== move.client) {
      moved.set(client, [...ranges]);
      continue;
    }
    const theirs = there.clients.get(client) ?? [];
    const below = ranges
      .filter(({ clock }) => clock < move.from)
      .map(({ clock, len }) => ({ clock, len: Math.min(clock + len, move.from) - clock }));
    const own = ranges
      .flatMap(({ clock, len }) =>
        subtract({ clock: Math.max(clock, move.from), end: Math.min(clock + len, move.to) }, theirs),
      )
      .map(({ clock, len }) => ({ clock: clock - move.from, len }));
    if (below.length > 0) moved.set(client, below);
    if (own.length > 0) moved.set(move.fresh, own);
  }
  return moved;
}

/** What is left of a range without the others. */
function subtract(range: { readonly clock: number; readonly end: number }, others: readonly Deletion[]): Deletion[] {
  const left: Deletion[] = [];
  let { clock } = range;
  for (const other of others.toSorted((a, b) => a.clock - b.clock)) {
    if (other.clock > clock && clock < range.end) left.push({ clock, len: Math.min(other.clock, range.end) - clock });
    clock = Math.max(clock, other.clock + other.len);
  }
  if (clock < range.end) left.push({ clock, len: range.end - clock });
  return left;
}

function encodeVector(vector: ReadonlyMap<number, number>): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, vector.size);
  for (const [client, clock] of vector) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
  }
  return encoding.toUint8Array(encoder);
}

/** Writes a Yjs V1 update: structs by client in clock order, then deletions. */
function encodeUpdate(structs: readonly Struct[], deletions: ReadonlyMap<number, readonly Deletion[]>): Uint8Array {
  const encoder = new UpdateEncoderV1();
  const rest = encoder.restEncoder;
  const byClient = Map.groupBy(structs, (struct) => struct.id.client);
  encoding.writeVarUint(rest, byClient.size);
  for (const [client, ofClient] of byClient) {
    encoding.writeVarUint(rest, ofClient.length);
    encoder.writeClient(client);
    encoding.writeVarUint(rest, ofClient[0]?.id.clock ?? 0);
    for (const struct of ofClient) struct.write(encoder, 0);
  }
  encoding.writeVarUint(rest, deletions.size);
  for (const [client, ranges] of deletions) {
    encoding.writeVarUint(rest, client);
    encoding.writeVarUint(rest, ranges.length);
    for (const { clock, len } of ranges) {
      encoding.writeVarUint(rest, clock);
      encoding.writeVarUint(rest, len);
    }
  }
  return encoder.toUint8Array();
}
