import * as decoding from 'lib0/decoding';
import { MalformedAwareness } from '../core/presence-update.ts';
import type { Session } from './session.ts';

/** Handles one Awareness frame: who is here, and which clientIDs are the session's. False when the bytes are malformed. */
export function receiveAwareness(session: Session, body: decoding.Decoder): boolean {
  // Whom the others may not see has nothing to say; that its bytes are whole is all that is asked.
  if (!session.presence.shows) return decoding.readVarUint8Array(body).byteLength > 0;
  try {
    const update = decoding.readVarUint8Array(body);
    for (const client of session.room.awareness.receive(session, update)) {
      session.clients.add(client);
      if (session.scope !== 'none') session.room.bind(client, session.user);
    }
    return true;
  } catch (error) {
    if (error instanceof MalformedAwareness) return false;
    throw error;
  }
}
