import { UpdateReader } from './update-reader.ts';

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
