import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

// Layout of a Yjs V1 update: number of clients, per client the number of structs, the client and the first clock, then
// the structs; at the end the delete set. A struct's first byte holds its content type and what it is attached to.
const CONTENT_GC = 0;
const CONTENT_STRING = 4;
const CONTENT_SKIP = 10;
const HAS_LEFT_ORIGIN = 0x80;
const HAS_RIGHT_ORIGIN = 0x40;
const HAS_PARENT_KEY = 0x20;

/** What a keystroke is: client, its clock, and the root text it belongs to. */
export interface Keystroke {
  readonly client: number;
  readonly clock: number;
  readonly root: string;
}

/** Encodes the update of one typed character, behind the client's character before it. */
export function encodeKeystroke({ client, clock, root }: Keystroke): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
  if (clock === 0) {
    encoding.writeUint8(encoder, CONTENT_STRING);
    // 1: the parent is a root, named next.
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, root);
  } else {
    encoding.writeUint8(encoder, CONTENT_STRING | HAS_LEFT_ORIGIN);
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock - 1);
  }
  encoding.writeVarString(encoder, String.fromCharCode(97 + (clock % 26)));
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

/** Reports the clocks that an update brings, as `[client, from, to)`; knows only what keystrokes and their merges hold. */
export function readClocks(
  decoder: decoding.Decoder,
  report: (client: number, from: number, to: number) => void,
): void {
  const clients = decoding.readVarUint(decoder);
  for (let index = 0; index < clients; index += 1) {
    const structs = decoding.readVarUint(decoder);
    const client = decoding.readVarUint(decoder);
    let clock = decoding.readVarUint(decoder);
    for (let struct = 0; struct < structs; struct += 1) {
      const info = decoding.readUint8(decoder);
      const length = readStruct(decoder, info);
      if ((info & 0x1f) !== CONTENT_SKIP) report(client, clock, clock + length);
      clock += length;
    }
  }
}

function readStruct(decoder: decoding.Decoder, info: number): number {
  const content = info & 0x1f;
  if (content === CONTENT_GC || content === CONTENT_SKIP) return decoding.readVarUint(decoder);
  if (content !== CONTENT_STRING) throw new Error(`not a keystroke: content ${content}`);
  if ((info & HAS_LEFT_ORIGIN) !== 0) skipId(decoder);
  if ((info & HAS_RIGHT_ORIGIN) !== 0) skipId(decoder);
  if ((info & (HAS_LEFT_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
    if (decoding.readVarUint(decoder) === 1) decoding.readVarString(decoder);
    else skipId(decoder);
    if ((info & HAS_PARENT_KEY) !== 0) decoding.readVarString(decoder);
  }
  return decoding.readVarString(decoder).length;
}

function skipId(decoder: decoding.Decoder): void {
  decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
}
