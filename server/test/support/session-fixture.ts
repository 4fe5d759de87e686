import { parseDocumentName } from '@scriptorium/shared/document-name';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { frameAddress } from '../../src/gateway/frames.ts';
import { createReplyTurns } from '../../src/gateway/reply-turns.ts';
import { receiveSync } from '../../src/gateway/session-sync.ts';
import { Session, type SessionSocket } from '../../src/gateway/session.ts';
import type { WriteScope } from '../../src/core/write-scope.ts';
import { createIdentity } from './identities.ts';
import { createRoomFixture } from './room-fixture.ts';

/** What a session sent, in words. */
export type Sent =
  | { readonly kind: 'status'; readonly saved: boolean }
  | { readonly kind: 'step1' | 'step2' | 'update'; readonly bytes: Uint8Array }
  | { readonly kind: 'stateless'; readonly payload: string }
  | { readonly kind: 'auth' | 'awareness' };

function readSent(frame: Uint8Array): Sent {
  // Behind the WebSocket header; its second byte tells its length.
  const header = frame[1] === 127 ? 10 : frame[1] === 126 ? 4 : 2;
  const decoder = decoding.createDecoder(frame.subarray(header));
  decoding.readVarString(decoder);
  const type = decoding.readVarUint(decoder);
  switch (type) {
    case FRAME_TYPE.syncStatus:
      return { kind: 'status', saved: decoding.readVarUint(decoder) === 1 };
    case FRAME_TYPE.sync: {
      const kinds = ['step1', 'step2', 'update'] as const;
      const kind = kinds[decoding.readVarUint(decoder)] ?? 'update';
      return { kind, bytes: decoding.readVarUint8Array(decoder) };
    }
    case FRAME_TYPE.stateless:
      return { kind: 'stateless', payload: decoding.readVarString(decoder) };
    default:
      return { kind: type === FRAME_TYPE.auth ? 'auth' : 'awareness' };
  }
}

/** One room, and sessions of it whose frames a test writes and reads. */
export function createSessionFixture(options: Parameters<typeof createRoomFixture>[0] = {}) {
  const fixture = createRoomFixture(options);
  const room = fixture.openRoom(1);
  /** Whether the tenant has all that it may. */
  const tenant = { full: false };
  const join = (user: string, scope: WriteScope = 'all') => {
    const sent: Sent[] = [];
    /** What the client has not read yet; at once unless a test stops it. */
    const network = { take: (taken: () => void): void => taken() };
    const ended: string[] = [];
    const socket: SessionSocket & { bytesRead: number; reading: boolean } = {
      dialect: 'hocuspocus',
      bytesRead: 0,
      reading: true,
      replies: createReplyTurns(fixture.clock),
      now: () => fixture.clock.monotonic(),
      sendInParts: (head, body) => void sent.push(readSent(Buffer.concat([head, body]))),
      send: (frame, taken) => {
        sent.push(readSent(frame));
        if (taken !== undefined) network.take(taken);
      },
      end: (code) => void ended.push(code),
      endSession: (_session, code) => void ended.push(code),
      noteAcknowledged: () => undefined,
    };
    const identity = createIdentity({ user, role: 'editor' });
    const name = parseDocumentName('doc');
    if (name === null) throw new Error('not a name');
    const isTenantFull = (): boolean => tenant.full;
    const presence = { sees: true, shows: true };
    const session = new Session({
      socket,
      address: frameAddress('doc'),
      room,
      identity,
      name,
      scope,
      presence,
      isTenantFull,
      counts: { add: () => undefined, set: () => undefined },
    });
    room.attach(session);
    const receive = (type: number, bytes: Uint8Array): boolean => {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, type);
      encoding.writeVarUint8Array(encoder, bytes);
      socket.bytesRead += bytes.byteLength;
      return receiveSync(fixture, session, decoding.createDecoder(encoding.toUint8Array(encoder)));
    };
    return {
      session,
      sent,
      ended,
      socket,
      network,
      step1: (stateVector: Uint8Array = Uint8Array.of(0)) => receive(SYNC_TYPE.step1, stateVector),
      step2: (update: Uint8Array = Uint8Array.of(0, 0)) => receive(SYNC_TYPE.step2, update),
      update: (update: Uint8Array) => receive(SYNC_TYPE.update, update),
      statuses: () => sent.flatMap((frame) => (frame.kind === 'status' ? [frame.saved] : [])),
      /** The first round, which gives way to all answers. */
      enter: () => {
        receive(SYNC_TYPE.step1, Uint8Array.of(0));
        receive(SYNC_TYPE.step2, Uint8Array.of(0, 0));
        sent.splice(0);
      },
      count: (kind: Sent['kind']) => sent.filter((frame) => frame.kind === kind).length,
    };
  };
  return { ...fixture, room, tenant, join };
}
