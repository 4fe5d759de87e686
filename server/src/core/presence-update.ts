import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** The state of a client that left, as JSON text. */
export const LEFT = 'null';

/** One client's presence at one of its clocks. */
export interface PresenceEntry {
  readonly client: number;
  readonly clock: number;
  /** JSON text of an object, kept as it came; `LEFT` for a client that left. */
  readonly state: string;
}

/** Raised for bytes that are not presence. */
export class MalformedAwareness extends Error {}

/** Encodes a y-protocols awareness update. */
export function encodePresenceUpdate(entries: readonly PresenceEntry[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const { client, clock, state } of entries) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}

/** One client's presence as it came, its state not looked at. */
export interface EncodedPresence {
  readonly client: number;
  readonly clock: number;
  /** UTF-8 of JSON, which nobody has checked; of the buffer that the message came in. */
  readonly state: Uint8Array;
}

/** Splits a y-protocols awareness update. Throws `MalformedAwareness`. */
export function splitPresenceUpdate(update: Uint8Array): readonly EncodedPresence[] {
  return readPresence(update, (decoder) => {
    const entries: EncodedPresence[] = [];
    for (let left = readCount(decoder); left > 0; left -= 1) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      entries.push({ client, clock, state: decoding.readVarUint8Array(decoder) });
    }
    return entries;
  });
}

/** Runs a reader over all of the bytes; whatever it stumbles over is a `MalformedAwareness`. */
export function readPresence<T>(bytes: Uint8Array, read: (decoder: decoding.Decoder) => T): T {
  try {
    const decoder = decoding.createDecoder(bytes);
    const value = read(decoder);
    if (decoding.hasContent(decoder)) throw new MalformedAwareness('bytes left over');
    return value;
  } catch (error) {
    throw error instanceof MalformedAwareness ? error : new MalformedAwareness('undecodable', { cause: error });
  }
}

/** Reads a number of entries, which cannot be more than there are bytes. */
export function readCount(decoder: decoding.Decoder): number {
  const count = decoding.readVarUint(decoder);
  if (count > decoder.arr.byteLength) throw new MalformedAwareness('more states than bytes');
  return count;
}

/** Takes the text of a state, which must be an object or nothing. */
export function readState(text: string): string {
  const parsed: unknown = JSON.parse(text);
  if (parsed !== null && typeof parsed !== 'object') throw new MalformedAwareness('a state is no object');
  return parsed === null ? LEFT : text;
}
