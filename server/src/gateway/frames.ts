import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

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

/** Address, message types (each below 128) and a length-prefixed body, in one buffer of the exact size. */
function frame(address: FrameAddress, types: readonly number[], body: Uint8Array): Uint8Array {
  const { prefix } = address;
  let lengthBytes = 1;
  for (let rest = body.byteLength; rest > 127; rest = Math.floor(rest / 128)) lengthBytes += 1;
  const out = new Uint8Array(prefix.byteLength + types.length + lengthBytes + body.byteLength);
  out.set(prefix, 0);
  let at = prefix.byteLength;
  for (const type of types) out[at++] = type;
  let rest = body.byteLength;
  while (rest > 127) {
    out[at++] = 128 | (rest % 128);
    rest = Math.floor(rest / 128);
  }
  out[at++] = rest;
  out.set(body, at);
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
  const out = new Uint8Array(address.prefix.byteLength + 2);
  out.set(address.prefix, 0);
  out[address.prefix.byteLength] = FRAME_TYPE.syncStatus;
  out[address.prefix.byteLength + 1] = saved ? 1 : 0;
  return out;
}

export function authenticatedFrame(address: FrameAddress, readOnly: boolean): Uint8Array {
  return textFrame(address, [FRAME_TYPE.auth, AUTH_TYPE.authenticated], readOnly ? 'readonly' : 'read-write');
}

export function permissionDeniedFrame(address: FrameAddress, reason: string): Uint8Array {
  return textFrame(address, [FRAME_TYPE.auth, AUTH_TYPE.permissionDenied], reason);
}

/** The frame with which a client asks to enter a document; the token is empty where it was checked before. */
export function authFrame(address: FrameAddress, token: string): Uint8Array {
  return textFrame(address, [FRAME_TYPE.auth, AUTH_TYPE.token], token);
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

/** Splits a Hocuspocus frame; `null` when the bytes are not one. */
export function readAddressedFrame(bytes: Uint8Array): InboundFrame | null {
  try {
    const body = decoding.createDecoder(bytes);
    const address = decoding.readVarString(body);
    return { address, type: decoding.readVarUint(body), body, bytes };
  } catch {
    return null;
  }
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

/** Replaces a frame's address, keeping what is behind it. */
export function readdress(bytes: Uint8Array, to: FrameAddress): Uint8Array {
  const decoder = decoding.createDecoder(bytes);
  const length = decoding.readVarUint(decoder);
  const rest = bytes.subarray(decoder.pos + length);
  const out = new Uint8Array(to.prefix.byteLength + rest.byteLength);
  out.set(to.prefix, 0);
  out.set(rest, to.prefix.byteLength);
  return out;
}
