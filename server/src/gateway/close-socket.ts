import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Clock } from '../ports/clock.ts';
import { cutWhoGoesOn } from './cut-who-goes-on.ts';

/** Milliseconds that a peer has to answer our close before the connection is cut. */
const CLOSE_PATIENCE = 1_500;
/** Bytes that a close frame has for its reason, with some to spare. */
const REASON_BYTES = 120;

/** Closes a socket with a code, and cuts it where its peer does not answer; a stranger who goes on sending is cut at once. */
export function closeSocket(
  peer: { readonly webSocket: WebSocket; readonly raw: Socket; readonly clock: Clock },
  close: { readonly code: number; readonly reason: string; readonly isStranger: boolean },
): void {
  const { webSocket, raw, clock } = peer;
  webSocket.close(close.code, close.reason.slice(0, REASON_BYTES));
  if (close.isStranger) cutWhoGoesOn(webSocket, raw);
  clock.after(CLOSE_PATIENCE, () => {
    webSocket.terminate();
  });
}
