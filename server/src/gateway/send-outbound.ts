import { assertNever } from '../core/errors.ts';
import type { Outbound } from '../rooms/outbound.ts';
import {
  awarenessFrame,
  statelessFrame,
  updateFrame,
  updateFrameHead,
  type Dialect,
  type FrameAddress,
} from './frames.ts';

/** Bytes of an update from which on it is sent as it is, behind a head: a second write costs less than a copy. */
const LARGE_UPDATE = 64 * 1024;

/** Where something goes that many are sent. */
export interface OutboundPeer {
  readonly dialect: Dialect['kind'];
  send(frame: Uint8Array): void;
  /** Sends a frame in two parts, of which others may be sent the second one too. */
  sendInParts(head: Uint8Array, body: Uint8Array): void;
}

/** Sends what goes to many: small things in a frame for each address, of large ones the same bytes to everybody. */
export function sendOutbound(peer: OutboundPeer, address: FrameAddress, outbound: Outbound): void {
  // y-websocket has no such message.
  if (outbound.kind === 'stateless' && peer.dialect !== 'hocuspocus') return;
  const { kind, bytes, frames } = outbound;
  if (kind === 'update' && bytes.byteLength >= LARGE_UPDATE) {
    peer.sendInParts(updateFrameHead(address, bytes.byteLength), bytes);
    return;
  }
  let frame = frames.get(address.key);
  if (frame === undefined) {
    frame = toFrame(address, outbound);
    frames.set(address.key, frame);
  }
  peer.send(frame);
}

function toFrame(address: FrameAddress, { kind, bytes }: Outbound): Uint8Array {
  switch (kind) {
    case 'update':
      return updateFrame(address, bytes);
    case 'awareness':
      return awarenessFrame(address, bytes);
    case 'stateless':
      return statelessFrame(address, new TextDecoder().decode(bytes));
    default:
      return assertNever(kind);
  }
}
