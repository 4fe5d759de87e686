import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import { awarenessFrame, type InboundFrame } from './frames.ts';
import type { ClientSocket } from './client-socket.ts';
import { readToken } from './login-frames.ts';
import { receiveAwareness } from './session-awareness.ts';
import { receiveSync, type SyncDeps } from './session-sync.ts';
import type { Session } from './session.ts';

/** What a session's frames ask of its socket's table. */
export interface SessionHost {
  /** Hands a frame to Hocuspocus. */
  forward(session: Session, bytes: Uint8Array): void;
  /** Takes the session off the socket, as its client asks. */
  leave(session: Session): void;
  /** Holds a new token against the session. */
  refresh(session: Session, token: string): void;
}

/** Signals that a token counts for, and bytes of presence that count for one: what it takes to answer them. */
const TOKEN_COST = 10;
const PRESENCE_BYTES = 4 * 1024;

/** Charges and handles one frame of a session; false when it breaks the protocol. */
export function receiveFrame(
  deps: SyncDeps & { readonly socket: ClientSocket; readonly host: SessionHost },
  session: Session,
  frame: InboundFrame,
): boolean {
  const { socket, host } = deps;
  switch (frame.type) {
    case FRAME_TYPE.sync:
    case FRAME_TYPE.syncReply:
      socket.charge('updates');
      return receiveSync(deps, session, frame.body);
    case FRAME_TYPE.awareness:
      socket.charge('signals');
      return receiveAwareness(session, frame.body);
    case FRAME_TYPE.queryAwareness: {
      const present = session.room.awareness.encodeFor(session);
      socket.charge('signals', 1 + Math.floor((present?.byteLength ?? 0) / PRESENCE_BYTES));
      if (present !== null) session.sendFrame(awarenessFrame(session.address, present));
      return true;
    }
    case FRAME_TYPE.stateless:
      socket.charge('signals');
      if (socket.dialect === 'y-websocket') return false;
      host.forward(session, frame.bytes);
      return true;
    case FRAME_TYPE.close:
      socket.charge('signals');
      host.leave(session);
      return true;
    case FRAME_TYPE.auth: {
      socket.charge('signals', TOKEN_COST);
      const token = readToken(frame);
      if (token === null) return false;
      host.refresh(session, token);
      return true;
    }
    default:
      return false;
  }
}
