import { outboundStateless } from './outbound.ts';
import type { RoomSession } from './room-session.ts';

/** Sends a message that is no part of the document to all of its sessions here. */
export function sendStateless(sessions: Iterable<RoomSession>, payload: string): void {
  const outbound = outboundStateless(payload);
  for (const session of sessions) session.send(outbound);
}
