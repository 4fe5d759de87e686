import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Bytes that may still come behind our close: what was on its way. */
const CLOSING_BYTES = 64 * 1024;

/**
 * Cuts a peer off that goes on sending behind our close. To be used where nobody signed in: a client in the middle of its
 * offline edits needs to read why it was closed, and a cut could take that from it.
 */
export function cutWhoGoesOn(webSocket: Pick<WebSocket, 'terminate'>, raw: Pick<Socket, 'bytesRead' | 'on'>): void {
  const most = raw.bytesRead + CLOSING_BYTES;
  raw.on('data', () => {
    if (raw.bytesRead > most) webSocket.terminate();
  });
}
