import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** What a client of the Hocuspocus protocol reads in a frame. */
export type ServerFrame =
  | { readonly kind: 'step1' | 'step2' | 'update'; readonly bytes: Uint8Array }
  | { readonly kind: 'status'; readonly saved: boolean }
  | { readonly kind: 'stateless'; readonly payload: string }
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'admitted' }
  | { readonly kind: 'other' };

const SYNC_KINDS = ['step1', 'step2', 'update'] as const;

export function readServerFrame(frame: Uint8Array): ServerFrame {
  const decoder = decoding.createDecoder(frame);
  decoding.readVarString(decoder);
  switch (decoding.readVarUint(decoder)) {
    case FRAME_TYPE.sync: {
      const kind = SYNC_KINDS[decoding.readVarUint(decoder)];
      return kind === undefined ? { kind: 'other' } : { kind, bytes: decoding.readVarUint8Array(decoder) };
    }
    case FRAME_TYPE.syncStatus:
      return { kind: 'status', saved: decoding.readVarUint(decoder) === 1 };
    case FRAME_TYPE.stateless:
      return { kind: 'stateless', payload: decoding.readVarString(decoder) };
    case FRAME_TYPE.auth:
      return decoding.readVarUint(decoder) === AUTH_TYPE.permissionDenied
        ? { kind: 'denied', reason: decoding.readVarString(decoder) }
        : { kind: 'admitted' };
    default:
      return { kind: 'other' };
  }
}

/** The frames that a client sends in one document. */
export interface ClientFrames {
  auth(token: string): Uint8Array;
  step1(stateVector: Uint8Array): Uint8Array;
  step2(update: Uint8Array): Uint8Array;
  update(update: Uint8Array): Uint8Array;
  presence(client: number, clock: number): Uint8Array;
  stateless(payload: string): Uint8Array;
}

export function createClientFrames(document: string): ClientFrames {
  const frame = (types: readonly number[], write: (encoder: encoding.Encoder) => void): Uint8Array => {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, document);
    for (const type of types) encoding.writeVarUint(encoder, type);
    write(encoder);
    return encoding.toUint8Array(encoder);
  };
  const sync = (type: number, bytes: Uint8Array): Uint8Array =>
    frame([FRAME_TYPE.sync, type], (encoder) => encoding.writeVarUint8Array(encoder, bytes));
  return {
    auth: (token) => frame([FRAME_TYPE.auth, AUTH_TYPE.token], (encoder) => encoding.writeVarString(encoder, token)),
    step1: (stateVector) => sync(SYNC_TYPE.step1, stateVector),
    step2: (update) => sync(SYNC_TYPE.step2, update),
    update: (update) => sync(SYNC_TYPE.update, update),
    presence: (client, clock) =>
      frame([FRAME_TYPE.awareness], (encoder) => {
        const states = encoding.createEncoder();
        encoding.writeVarUint(states, 1);
        encoding.writeVarUint(states, client);
        encoding.writeVarUint(states, clock);
        encoding.writeVarString(states, '{"user":{}}');
        encoding.writeVarUint8Array(encoder, encoding.toUint8Array(states));
      }),
    stateless: (payload) => frame([FRAME_TYPE.stateless], (encoder) => encoding.writeVarString(encoder, payload)),
  };
}
