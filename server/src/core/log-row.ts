import * as decoding from 'lib0/decoding';
import { ScriptoriumError } from './errors.ts';
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

function decodeActor(bytes: Uint8Array): string {
  const isLast = bytes.length === lastActorBytes.length && bytes.every((byte, index) => byte === lastActorBytes[index]);
  if (!isLast) {
    lastActor = strictUtf8.decode(bytes);
    // A copy: the row may be a part of much that is not to be kept.
    lastActorBytes = bytes.slice();
  }
  return lastActor;
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
  try {
    const decoder = decoding.createDecoder(payload);
    const format = decoding.readVarUint(decoder);
    if (format !== FORMAT) throw new Error(`unknown row format ${format}`);
    const count = decoding.readVarUint(decoder);
    const segments: LogSegment[] = [];
    for (let index = 0; index < count; index += 1) segments.push(readSegment(decoder));
    if (decoding.hasContent(decoder)) throw new Error('bytes left over');
    return segments;
  } catch (error) {
    throw new ScriptoriumError('document-quarantined', 'a row of the log cannot be decoded', { cause: error });
  }
}

function readSegment(decoder: decoding.Decoder): LogSegment {
  const actor = decodeActor(decoding.readVarUint8Array(decoder));
  const count = decoding.readVarUint(decoder);
  const updates: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) updates.push(decoding.readVarUint8Array(decoder));
  return { actor, updates };
}
