import * as encoding from 'lib0/encoding';

type Id = readonly [client: number, clock: number];

/** An item to write; what it refers to is written as it is, right or wrong. */
export interface RawItem {
  readonly kind: number;
  readonly origin?: Id;
  readonly right?: Id;
  /** A root's name or a struct, when there is neither origin nor right origin. */
  readonly parent?: string | Id;
  readonly key?: string;
  readonly content: (encoder: encoding.Encoder) => void;
}

/** Writes raw V1 updates, valid and not, for tests. */
export function buildUpdate(blocks: readonly RawBlock[], deletes: readonly RawDeletes[] = []): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, blocks.length);
  for (const { client, clock = 0, structs } of blocks) {
    for (const value of [structs.length, client, clock]) encoding.writeVarUint(encoder, value);
    for (const struct of structs) struct(encoder);
  }
  encoding.writeVarUint(encoder, deletes.length);
  for (const { client, ranges } of deletes) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, ranges.length);
    for (const value of ranges.flat()) encoding.writeVarUint(encoder, value);
  }
  return encoding.toUint8Array(encoder);
}

export interface RawBlock {
  readonly client: number;
  readonly clock?: number;
  readonly structs: readonly RawStruct[];
}

export interface RawDeletes {
  readonly client: number;
  readonly ranges: readonly (readonly [clock: number, length: number])[];
}

type RawStruct = (encoder: encoding.Encoder) => void;

export function item({ kind, origin, right, parent, key, content }: RawItem): RawStruct {
  return (encoder) => {
    encoding.writeUint8(encoder, kind | (origin ? 128 : 0) | (right ? 64 : 0) | (key === undefined ? 0 : 32));
    for (const id of [origin, right]) for (const value of id ?? []) encoding.writeVarUint(encoder, value);
    if (!origin && !right) {
      encoding.writeVarUint(encoder, typeof parent === 'string' ? 1 : 0);
      if (typeof parent === 'string') encoding.writeVarString(encoder, parent);
      else for (const value of parent ?? [0, 0]) encoding.writeVarUint(encoder, value);
      if (key !== undefined) encoding.writeVarString(encoder, key);
    }
    content(encoder);
  };
}

export function gc(length: number): RawStruct {
  return (encoder) => {
    encoding.writeUint8(encoder, 0);
    encoding.writeVarUint(encoder, length);
  };
}

export function skip(length: number): RawStruct {
  return (encoder) => {
    encoding.writeUint8(encoder, 10);
    encoding.writeVarUint(encoder, length);
  };
}

/** Text in the root `text`, or behind an origin. */
export function text(
  value: string,
  place: Pick<RawItem, 'origin' | 'right' | 'parent'> = { parent: 'text' },
): RawStruct {
  return item({ kind: 4, ...place, content: (encoder) => encoding.writeVarString(encoder, value) });
}

/** A nested shared type by its number in the wire format. */
export function type(number: number, place: Pick<RawItem, 'origin' | 'right' | 'parent' | 'key'>): RawStruct {
  return item({
    kind: 7,
    ...place,
    content: (encoder) => {
      encoding.writeVarUint(encoder, number);
      if (number === 3 || number === 5) encoding.writeVarString(encoder, 'p');
    },
  });
}

/** One value in lib0's encoding of anything, as the only one of an item in the root `text`. */
export function anyValue(write: (encoder: encoding.Encoder) => void): RawStruct {
  return item({
    kind: 8,
    parent: 'text',
    content: (encoder) => {
      encoding.writeVarUint(encoder, 1);
      write(encoder);
    },
  });
}

/** Bytes written by hand: hex, spaces ignored. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}
