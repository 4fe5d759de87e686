import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';

/** A frame of the Hocuspocus protocol, taken apart as far as a test cares. */
export type Frame = { readonly address: string; readonly bytes: Uint8Array } & FrameBody;

export type FrameBody =
  | { readonly kind: 'step1'; readonly stateVector: Uint8Array }
  | { readonly kind: 'step2'; readonly update: Uint8Array }
  | { readonly kind: 'update'; readonly update: Uint8Array }
  | { readonly kind: 'awareness'; readonly update: Uint8Array }
  | { readonly kind: 'authenticated'; readonly scope: string }
  | { readonly kind: 'permission-denied'; readonly reason: string }
  | { readonly kind: 'stateless'; readonly payload: string }
  | { readonly kind: 'close'; readonly reason: string }
  | { readonly kind: 'sync-status'; readonly applied: boolean }
  | { readonly kind: 'other'; readonly type: number };

type WriteBody = (encoder: encoding.Encoder) => void;

/** Any frame: address, type, and whatever the callback writes. */
export function encodeFrame(address: string, type: number, writeBody: WriteBody = () => {}): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, type);
  writeBody(encoder);
  return encoding.toUint8Array(encoder);
}

/** The token, as @hocuspocus/provider 4.8 sends it. */
export function authFrame(address: string, token: string): Uint8Array {
  return encodeFrame(address, FRAME_TYPE.auth, (encoder) => {
    encoding.writeVarUint(encoder, AUTH_TYPE.token);
    encoding.writeVarString(encoder, token);
    encoding.writeVarString(encoder, '4.8.0');
  });
}

/** A sync frame. */
function syncFrame(address: string, subType: number, payload: Uint8Array): Uint8Array {
  return encodeFrame(address, FRAME_TYPE.sync, (encoder) => writeSync(encoder, subType, payload));
}

/** The same content as a reply, which clients have no reason to send. */
export function syncReplyFrame(address: string, subType: number, payload: Uint8Array): Uint8Array {
  return encodeFrame(address, FRAME_TYPE.syncReply, (encoder) => writeSync(encoder, subType, payload));
}

function writeSync(encoder: encoding.Encoder, subType: number, payload: Uint8Array): void {
  encoding.writeVarUint(encoder, subType);
  encoding.writeVarUint8Array(encoder, payload);
}

/** State vector of an empty document. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0);
/** Update without structs and deletes. */
export const EMPTY_UPDATE = Uint8Array.of(0, 0);

/** Asks for everything. */
export function step1Frame(address: string, stateVector: Uint8Array = EMPTY_STATE_VECTOR): Uint8Array {
  return syncFrame(address, SYNC_TYPE.step1, stateVector);
}

/** Answers the server's SyncStep1. */
export function step2Frame(address: string, update: Uint8Array = EMPTY_UPDATE): Uint8Array {
  return syncFrame(address, SYNC_TYPE.step2, update);
}

/** All of a client's handshake at once; a server holds acknowledgements back until the first SyncStep2. */
export function handshakeFrames(address: string, token: string): readonly Uint8Array[] {
  return [authFrame(address, token), step1Frame(address), step2Frame(address)];
}

/** One edit. */
export function updateFrame(address: string, update: Uint8Array): Uint8Array {
  return syncFrame(address, SYNC_TYPE.update, update);
}

/** A message of the embedding application. */
export function statelessFrame(address: string, payload: string, type: number = FRAME_TYPE.stateless): Uint8Array {
  return encodeFrame(address, type, (encoder) => encoding.writeVarString(encoder, payload));
}

/** Takes a frame of a server apart. Throws on bytes that are no frame. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const decoder = decoding.createDecoder(bytes);
  // A frame of one byte is a ping or pong of the whole socket, without an address.
  const address = bytes.length === 1 ? '' : decoding.readVarString(decoder);
  return { address, bytes, ...decodeBody(decoder) };
}

function decodeBody(decoder: decoding.Decoder): FrameBody {
  const type = decoding.readVarUint(decoder);
  switch (type) {
    case FRAME_TYPE.sync:
    case FRAME_TYPE.syncReply:
      return decodeSync(decoder);
    case FRAME_TYPE.awareness:
      return { kind: 'awareness', update: decoding.readVarUint8Array(decoder) };
    case FRAME_TYPE.auth:
      return decodeAuth(decoder, type);
    case FRAME_TYPE.stateless:
      return { kind: 'stateless', payload: decoding.readVarString(decoder) };
    case FRAME_TYPE.close:
      return { kind: 'close', reason: decoding.readVarString(decoder) };
    case FRAME_TYPE.syncStatus:
      return { kind: 'sync-status', applied: decoding.readVarInt(decoder) === 1 };
    default:
      return { kind: 'other', type };
  }
}

function decodeSync(decoder: decoding.Decoder): FrameBody {
  const subType = decoding.readVarUint(decoder);
  const payload = decoding.readVarUint8Array(decoder);
  if (subType === SYNC_TYPE.step1) return { kind: 'step1', stateVector: payload };
  return { kind: subType === SYNC_TYPE.step2 ? 'step2' : 'update', update: payload };
}

function decodeAuth(decoder: decoding.Decoder, type: number): FrameBody {
  const subType = decoding.readVarUint(decoder);
  if (subType === AUTH_TYPE.authenticated) return { kind: 'authenticated', scope: decoding.readVarString(decoder) };
  if (subType === AUTH_TYPE.permissionDenied)
    return { kind: 'permission-denied', reason: decoding.readVarString(decoder) };
  return { kind: 'other', type };
}
