import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { RawData } from 'ws';
import { lengthOfVarUint, writeVarUint } from '../core/var-uint.ts';

/** How a socket's client speaks. */
export type Dialect =
  | { readonly kind: 'hocuspocus' }
  /** The document is in the socket's address, so its frames carry none. */
  | { readonly kind: 'y-websocket'; readonly document: string };

/**
 * How a session's frames are addressed: Hocuspocus frames begin with the document's name (and session), y-websocket
 * frames with nothing. Sessions with the same `key` receive byte-identical frames.
 */
export interface FrameAddress {
  readonly key: string;
  readonly prefix: Uint8Array;
}

const NO_PREFIX = new Uint8Array(0);

/** The address of a y-websocket socket: none. */
export const NO_ADDRESS: FrameAddress = { key: '', prefix: NO_PREFIX };

export function frameAddress(address: string): FrameAddress {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  return { key: address, prefix: encoding.toUint8Array(encoder) };
}

/** WebSocket header of an unmasked, unfragmented binary message (RFC 6455, 5.2): FIN and opcode 2, then the length. */
const BINARY_MESSAGE = 0x82;

function headerLength(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}

/** Writes the header for a payload of so many bytes at the start of `out`. */
function writeHeader(out: Uint8Array, payload: number): void {
  out[0] = BINARY_MESSAGE;
  if (payload < 126) {
    out[1] = payload;
    return;
  }
  const view = new DataView(out.buffer, out.byteOffset);
  out[1] = payload < 65_536 ? 126 : 127;
  if (payload < 65_536) view.setUint16(2, payload);
  else view.setBigUint64(2, BigInt(payload));
}

/** A message as it goes to the network. Framed here and once, so that a broadcast is one buffer for all and one write for each. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const header = headerLength(message.byteLength);
  // Not of the pool, since some of these are kept as long as their session.
  const out = Buffer.alloc(header + message.byteLength);
  writeHeader(out, message.byteLength);
  out.set(message, header);
  return out;
}

/** Address, message types (each below 128) and a length-prefixed body, framed, in one buffer of the exact size. */
function frame(address: FrameAddress, types: readonly number[], body: Uint8Array): Uint8Array {
  const payload = address.prefix.byteLength + types.length + lengthOfVarUint(body.byteLength) + body.byteLength;
  // A `Buffer`, which a socket takes as it is, and of the pool, which saves an allocation outside of the heap.
  const out = Buffer.allocUnsafe(headerLength(payload) + payload);
  out.set(body, writeHead(out, payload, { address, types, bodyBytes: body.byteLength }));
  return out;
}

/** Writes everything in front of the body; where that begins. */
function writeHead(
  out: Uint8Array,
  payload: number,
  head: { readonly address: FrameAddress; readonly types: readonly number[]; readonly bodyBytes: number },
): number {
  const { prefix } = head.address;
  writeHeader(out, payload);
  let at = headerLength(payload);
  out.set(prefix, at);
  at += prefix.byteLength;
  for (const type of head.types) out[at++] = type;
  return writeVarUint(out, at, head.bodyBytes);
}

/** An update's frame up to the update itself, which has so many bytes and is sent right behind it. */
export function updateFrameHead(address: FrameAddress, bodyBytes: number): Uint8Array {
  const types = [FRAME_TYPE.sync, SYNC_TYPE.update];
  const before = address.prefix.byteLength + types.length + lengthOfVarUint(bodyBytes);
  const payload = before + bodyBytes;
  const out = Buffer.allocUnsafe(headerLength(payload) + before);
  writeHead(out, payload, { address, types, bodyBytes });
  return out;
}

export function updateFrame(address: FrameAddress, update: Uint8Array): Uint8Array {
  return frame(address, [FRAME_TYPE.sync, SYNC_TYPE.update], update);
}

export function syncStep1Frame(address: FrameAddress, stateVector: Uint8Array): Uint8Array {
  return frame(address, [FRAME_TYPE.sync, SYNC_TYPE.step1], stateVector);
}

export function syncStep2Frame(address: FrameAddress, update: Uint8Array): Uint8Array {
  return frame(address, [FRAME_TYPE.sync, SYNC_TYPE.step2], update);
}

export function awarenessFrame(address: FrameAddress, update: Uint8Array): Uint8Array {
  return frame(address, [FRAME_TYPE.awareness], update);
}

/** An awareness update about nobody: keeps a quiet client from taking the connection for dead. */
const NOBODY = new Uint8Array([0]);

export function lifeSignFrame(address: FrameAddress): Uint8Array {
  return awarenessFrame(address, NOBODY);
}

export function syncStatusFrame(address: FrameAddress, saved: boolean): Uint8Array {
  const message = new Uint8Array(address.prefix.byteLength + 2);
  message.set(address.prefix, 0);
  message[address.prefix.byteLength] = FRAME_TYPE.syncStatus;
  message[address.prefix.byteLength + 1] = saved ? 1 : 0;
  return frameMessage(message);
}

export function authenticatedFrame(address: FrameAddress, readOnly: boolean): Uint8Array {
  return textFrame(address, [FRAME_TYPE.auth, AUTH_TYPE.authenticated], readOnly ? 'readonly' : 'read-write');
}

export function permissionDeniedFrame(address: FrameAddress, reason: string): Uint8Array {
  return textFrame(address, [FRAME_TYPE.auth, AUTH_TYPE.permissionDenied], reason);
}

/** The message with which a client asks to enter a document, for Hocuspocus; the token is empty, it was checked before. */
export function authMessage(address: FrameAddress): Uint8Array {
  const message = new Uint8Array(address.prefix.byteLength + 3);
  message.set(address.prefix, 0);
  message.set([FRAME_TYPE.auth, AUTH_TYPE.token, 0], address.prefix.byteLength);
  return message;
}

/** Asks the client for its token of now. */
export function tokenRequestFrame(address: FrameAddress): Uint8Array {
  return frame(address, [FRAME_TYPE.auth, AUTH_TYPE.token], NO_PREFIX);
}

export function statelessFrame(address: FrameAddress, payload: string): Uint8Array {
  return textFrame(address, [FRAME_TYPE.stateless], payload);
}

const utf8 = new TextEncoder();

function textFrame(address: FrameAddress, types: readonly number[], text: string): Uint8Array {
  return frame(address, types, utf8.encode(text));
}

/** A client's frame, split but not interpreted. */
export interface InboundFrame {
  /** Document name and optional `\0session`, as the client wrote them. */
  readonly address: string;
  readonly type: number;
  /** Positioned behind the type. */
  readonly body: decoding.Decoder;
  readonly bytes: Uint8Array;
}

/** A message in one piece. */
export function toBytes(message: RawData): Uint8Array {
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  return Array.isArray(message) ? Buffer.concat(message) : message;
}

/** Splits a Hocuspocus frame; `null` when the bytes are not one. `expected` is an address to try first, without decoding. */
export function readAddressedFrame(bytes: Uint8Array, expected: FrameAddress = NO_ADDRESS): InboundFrame | null {
  try {
    const body = decoding.createDecoder(bytes);
    if (expected.key === '' || !startsWith(bytes, expected.prefix)) {
      const address = decoding.readVarString(body);
      return { address, type: decoding.readVarUint(body), body, bytes };
    }
    body.pos = expected.prefix.byteLength;
    return { address: expected.key, type: decoding.readVarUint(body), body, bytes };
  } catch {
    return null;
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.byteLength < prefix.byteLength) return false;
  for (let index = 0; index < prefix.byteLength; index += 1) if (bytes[index] !== prefix[index]) return false;
  return true;
}

/** Splits a y-websocket frame, which belongs to the socket's one document; `null` when the bytes are not one. */
export function readPlainFrame(bytes: Uint8Array, address: string): InboundFrame | null {
  try {
    const body = decoding.createDecoder(bytes);
    return { address, type: decoding.readVarUint(body), body, bytes };
  } catch {
    return null;
  }
}

/** Replaces a message's address, keeping what is behind it. */
export function readdress(bytes: Uint8Array, to: FrameAddress): Uint8Array {
  const decoder = decoding.createDecoder(bytes);
  const length = decoding.readVarUint(decoder);
  const rest = bytes.subarray(decoder.pos + length);
  const out = new Uint8Array(to.prefix.byteLength + rest.byteLength);
  out.set(to.prefix, 0);
  out.set(rest, to.prefix.byteLength);
  return out;
}
