import { crc32 } from 'node:zlib';

/** What is sent over a channel. */
export type RelayFrame = {
  /** Incarnation of the sender, at most 255 bytes. */
  readonly node: string;
  /** The sender's wall clock, in milliseconds. Measures how long messages take, and orders nothing. */
  readonly sentAt: number;
} & (
  | { readonly kind: 'row'; readonly epoch: number; readonly seq: number; readonly payload: Uint8Array | null }
  | { readonly kind: 'presence'; readonly update: Uint8Array }
  /** The node lives. */
  | { readonly kind: 'alive' }
  /** The node goes. */
  | { readonly kind: 'goodbye' }
  /** The node listens whether it hears itself. */
  | { readonly kind: 'probe'; readonly number: number }
);

/** Raised with any change to the format; frames of another version are malformed. */
const VERSION = 1;
const CODES = { row: 1, hint: 2, presence: 3, alive: 4, goodbye: 5, probe: 6 } as const;

// version, code, time (6), length of the node's name; then the name, the body, and a checksum over all of it.
const FIXED_BYTES = 9;
const CHECKSUM_BYTES = 4;
const NODE_AT = 8;
const LONGEST_NODE = 255;

/** Encodes one frame. Numbers are unsigned, of 48 bits, big endian. */
export function encodeFrame(frame: RelayFrame): Buffer {
  const name = Buffer.byteLength(frame.node);
  if (name > LONGEST_NODE) throw new RangeError('the name of the node is too long');
  const body = bodyOf(frame);
  const bodyAt = FIXED_BYTES + name;
  const bytes = Buffer.allocUnsafe(bodyAt + body.numbers.length * 6 + body.content.byteLength + CHECKSUM_BYTES);
  bytes[0] = VERSION;
  bytes[1] = body.code;
  bytes.writeUIntBE(frame.sentAt, 2, 6);
  bytes[NODE_AT] = name;
  bytes.write(frame.node, FIXED_BYTES);
  body.numbers.forEach((number, index) => bytes.writeUIntBE(number, bodyAt + index * 6, 6));
  bytes.set(body.content, bodyAt + body.numbers.length * 6);
  const end = bytes.byteLength - CHECKSUM_BYTES;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

const EMPTY = new Uint8Array();

function bodyOf(frame: RelayFrame): {
  readonly code: number;
  readonly numbers: readonly number[];
  readonly content: Uint8Array;
} {
  switch (frame.kind) {
    case 'row':
      return {
        code: frame.payload === null ? CODES.hint : CODES.row,
        numbers: [frame.epoch, frame.seq],
        content: frame.payload ?? EMPTY,
      };
    case 'presence':
      return { code: CODES.presence, numbers: [], content: frame.update };
    case 'probe':
      return { code: CODES.probe, numbers: [frame.number], content: EMPTY };
    case 'alive':
    case 'goodbye':
      return { code: CODES[frame.kind], numbers: [], content: EMPTY };
  }
}

/** Decodes one frame; `null` for any bytes that are not one. */
export function decodeFrame(bytes: Buffer): RelayFrame | null {
  const end = bytes.byteLength - CHECKSUM_BYTES;
  if (end < FIXED_BYTES || bytes[0] !== VERSION) return null;
  const bodyAt = FIXED_BYTES + (bytes[NODE_AT] ?? 0);
  if (bodyAt > end || crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) return null;
  const node = bytes.toString('utf8', FIXED_BYTES, bodyAt);
  return readBody({ node, sentAt: bytes.readUIntBE(2, 6) }, bytes[1] ?? 0, bytes.subarray(bodyAt, end));
}

function readBody(
  head: { readonly node: string; readonly sentAt: number },
  code: number,
  body: Buffer,
): RelayFrame | null {
  switch (code) {
    // Content is copied: rooms keep it, and it would keep everything that came over the socket in the same read.
    case CODES.row:
    case CODES.hint: {
      if (code === CODES.row ? body.byteLength < 12 : body.byteLength !== 12) return null;
      const payload = code === CODES.row ? new Uint8Array(body.subarray(12)) : null;
      return { ...head, kind: 'row', epoch: body.readUIntBE(0, 6), seq: body.readUIntBE(6, 6), payload };
    }
    case CODES.presence:
      return { ...head, kind: 'presence', update: new Uint8Array(body) };
    case CODES.probe:
      return body.byteLength === 6 ? { ...head, kind: 'probe', number: body.readUIntBE(0, 6) } : null;
    case CODES.alive:
      return body.byteLength === 0 ? { ...head, kind: 'alive' } : null;
    case CODES.goodbye:
      return body.byteLength === 0 ? { ...head, kind: 'goodbye' } : null;
    default:
      return null;
  }
}

/** Whether the bytes claim to come from the node: tells a node its own messages before anything else is read. */
export function isFrom(bytes: Buffer, node: Buffer): boolean {
  const end = FIXED_BYTES + node.byteLength;
  return bytes[NODE_AT] === node.byteLength && bytes.byteLength >= end && node.compare(bytes, FIXED_BYTES, end) === 0;
}
