import { ScriptoriumError } from './errors.ts';
import { UpdateReader } from './update-reader.ts';
import { lengthOfVarUint, writeVarUint } from './var-uint.ts';

/**
 * One row of the log: what one flush brought to one document, in the room's order.
 *
 * Layout (lib0 variable-length integers): format, number of segments, then per segment the actor as a string, the
 * number of updates, and each update as a length-prefixed byte string. Updates are the bytes the client sent, so
 * order and authorship (of deletions too, which Yjs does not record) can be read back.
 */
export interface LogSegment {
  /** Who sent the updates: the token's `sub`. */
  readonly actor: string;
  /** Yjs V1 updates. */
  readonly updates: readonly Uint8Array[];
}

const FORMAT = 1;
/** An empty actor without updates. */
const LEAST_SEGMENT_BYTES = 2;

/** Encodes a row; consecutive segments of one actor are expected to be one segment already. */
export function encodeLogRow(segments: readonly LogSegment[]): Uint8Array {
  // By hand into one buffer of the exact size: an encoder would copy twice, and make the small array of each update
  // give up its place on the heap for a buffer of its own.
  const actors = segments.map((segment) => encodeActor(segment.actor));
  const out = new Uint8Array(rowLength(segments, actors));
  let at = writeVarUint(out, 0, FORMAT);
  at = writeVarUint(out, at, segments.length);
  for (const [index, segment] of segments.entries()) {
    at = writeBytes(out, at, actors[index] ?? NO_BYTES);
    at = writeVarUint(out, at, segment.updates.length);
    for (const update of segment.updates) at = writeBytes(out, at, update);
  }
  return out;
}

const NO_BYTES = new Uint8Array(0);
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The last actor and its bytes: in most batches, and in most documents, the same few write many rows. */
let lastActor = '';
let lastActorBytes: Uint8Array = NO_BYTES;

function encodeActor(actor: string): Uint8Array {
  if (actor !== lastActor) {
    lastActorBytes = utf8.encode(actor);
    lastActor = actor;
  }
  return lastActorBytes;
}

function rowLength(segments: readonly LogSegment[], actors: readonly Uint8Array[]): number {
  let length = lengthOfVarUint(FORMAT) + lengthOfVarUint(segments.length);
  for (const [index, segment] of segments.entries()) {
    length += lengthOfBytes(actors[index] ?? NO_BYTES) + lengthOfVarUint(segment.updates.length);
    for (const update of segment.updates) length += lengthOfBytes(update);
  }
  return length;
}

function lengthOfBytes(bytes: Uint8Array): number {
  return lengthOfVarUint(bytes.byteLength) + bytes.byteLength;
}

function writeBytes(out: Uint8Array, offset: number, bytes: Uint8Array): number {
  const at = writeVarUint(out, offset, bytes.byteLength);
  out.set(bytes, at);
  return at + bytes.byteLength;
}

/** Decodes a row. Throws `document-quarantined` when the bytes are not a row. */
export function decodeLogRow(payload: Uint8Array): readonly LogSegment[] {
  return readRow(payload, (reader, count) => {
    const segments: LogSegment[] = [];
    for (let segment = 0; segment < count; segment += 1) segments.push(readSegment(reader));
    return segments;
  });
}

/** Bytes of the updates in a row, which are left where they are. Throws what `decodeLogRow` throws, of the same rows. */
export function bytesInLogRow(payload: Uint8Array): number {
  return readRow(payload, (reader, count) => {
    let bytes = 0;
    for (let segment = 0; segment < count; segment += 1) {
      readActor(reader);
      for (let left = reader.readCount(1); left > 0; left -= 1) bytes += skipBytes(reader);
    }
    return bytes;
  });
}

function readRow<T>(payload: Uint8Array, readSegments: (reader: UpdateReader, count: number) => T): T {
  try {
    const reader = new UpdateReader(payload, 0, 'document-quarantined');
    const format = reader.readVarUint();
    if (format !== FORMAT) throw new Error(`unknown row format ${format}`);
    const result = readSegments(reader, reader.readCount(LEAST_SEGMENT_BYTES));
    if (reader.left > 0) throw new Error('bytes left over');
    return result;
  } catch (error) {
    throw new ScriptoriumError('document-quarantined', 'a row of the log cannot be decoded', { cause: error });
  }
}

function readSegment(reader: UpdateReader): LogSegment {
  const actor = readActor(reader);
  const updates: Uint8Array[] = [];
  for (let left = reader.readCount(1); left > 0; left -= 1) {
    const length = skipBytes(reader);
    updates.push(reader.bytes.subarray(reader.pos - length, reader.pos));
  }
  return { actor, updates };
}

function readActor(reader: UpdateReader): string {
  const length = skipBytes(reader);
  const start = reader.pos - length;
  if (!isLastActor(reader.bytes, start, length)) {
    const bytes = reader.bytes.subarray(start, reader.pos);
    lastActor = strictUtf8.decode(bytes);
    // A copy: the row may be a part of much that is not to be kept.
    lastActorBytes = bytes.slice();
  }
  return lastActor;
}

function isLastActor(bytes: Uint8Array, start: number, length: number): boolean {
  if (length !== lastActorBytes.length) return false;
  for (let index = 0; index < length; index += 1) if (bytes[start + index] !== lastActorBytes[index]) return false;
  return true;
}

/** Passes over a length-prefixed byte string; returns its length. */
function skipBytes(reader: UpdateReader): number {
  const length = reader.readVarUint();
  reader.skip(length);
  return length;
}
