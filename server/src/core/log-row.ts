import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { ScriptoriumError } from './errors.ts';

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
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, FORMAT);
  encoding.writeVarUint(encoder, segments.length);
  for (const segment of segments) {
    encoding.writeVarString(encoder, segment.actor);
    encoding.writeVarUint(encoder, segment.updates.length);
    for (const update of segment.updates) encoding.writeVarUint8Array(encoder, update);
  }
  return encoding.toUint8Array(encoder);
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
  const actor = decoding.readVarString(decoder);
  const count = decoding.readVarUint(decoder);
  const updates: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) updates.push(decoding.readVarUint8Array(decoder));
  return { actor, updates };
}
