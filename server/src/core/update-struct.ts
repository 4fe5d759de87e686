import type { ClientBlock } from './update-structure.ts';
import { UpdateReader } from './update-reader.ts';

/** A place in the document: a struct's client and clock. */
export interface StructId {
  readonly client: number;
  readonly clock: number;
}

/** Where a struct hangs: what it refers to, read from the bytes of an update that parsed. -1 stands for none. */
export interface StructPlace {
  info: number;
  originClient: number;
  originClock: number;
  rightClient: number;
  rightClock: number;
  parentClient: number;
  parentClock: number;
  /** Byte offset of the content, or of the length of a struct that has none. */
  contentStart: number;
}

/** Makes a place to read into; callers on the hot path keep one. */
export function createStructPlace(): StructPlace {
  return {
    info: 0,
    originClient: -1,
    originClock: -1,
    rightClient: -1,
    rightClock: -1,
    parentClient: -1,
    parentClock: -1,
    contentStart: 0,
  };
}

/** Reads the struct at a byte offset into `place`. The bytes must have passed `parseUpdate`. */
export function readStructPlace(bytes: Uint8Array, start: number, place: StructPlace): void {
  const reader = new UpdateReader(bytes, start);
  const info = reader.readByte();
  place.info = info;
  place.originClient = -1;
  place.rightClient = -1;
  place.parentClient = -1;
  const kind = info & 31;
  if (kind !== 0 && kind !== 10) readReferences(reader, info, place);
  place.contentStart = reader.pos;
}

/** Reads what names the parent of a struct that has neither origin nor right origin. */
export function readParentNames(
  bytes: Uint8Array,
  start: number,
): { readonly root: string | null; readonly key: string | null } {
  const reader = new UpdateReader(bytes, start);
  const info = reader.readByte();
  let root: string | null = null;
  if (reader.readVarUint() === 1) {
    root = reader.readText();
  } else {
    reader.readVarUint();
    reader.readVarUint();
  }
  return { root, key: (info & 32) === 0 ? null : reader.readText() };
}

function readReferences(reader: UpdateReader, info: number, place: StructPlace): void {
  if ((info & 128) !== 0) {
    place.originClient = reader.readVarUint();
    place.originClock = reader.readVarUint();
  }
  if ((info & 64) !== 0) {
    place.rightClient = reader.readVarUint();
    place.rightClock = reader.readVarUint();
  }
  if ((info & 192) !== 0) return;
  if (reader.readVarUint() === 1) {
    reader.skip(reader.readVarUint());
  } else {
    place.parentClient = reader.readVarUint();
    place.parentClock = reader.readVarUint();
  }
  if ((info & 32) !== 0) reader.skip(reader.readVarUint());
}

/** Index of the struct that holds a clock of the block. */
export function structAt(block: ClientBlock, clock: number): number {
  let low = 0;
  let high = block.clocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((block.clocks[middle] ?? 0) <= clock) low = middle;
    else high = middle - 1;
  }
  return low;
}
