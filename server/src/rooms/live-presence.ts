import { MalformedAwareness } from '../core/presence-update.ts';
import { encodeStatelessRelay } from '../core/stateless-relay.ts';
import type { Clock } from '../ports/clock.ts';
import type { FanOut } from '../ports/fan-out.ts';
import type { LivePresence, PresentClient } from '../ports/live-presence.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { createRoomAwareness, type AwarenessLimits } from './awareness.ts';
import type { RoomRegistry } from './room-registry.ts';
import { sendStateless } from './send-stateless.ts';

export interface LivePresenceDeps {
  readonly rooms: RoomRegistry;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  readonly node: string;
  readonly awarenessLimits: AwarenessLimits;
}

/** Milliseconds that other nodes have to say whom they hold, where nobody of this node has asked them yet. */
const PATIENCE = 500;

/** Presence as REST sees it: an open room knows everybody already; else the other nodes are asked in its place. */
export function createLivePresence(deps: LivePresenceDeps): LivePresence {
  const { rooms, fanOut, node } = deps;
  return {
    list: async (documentId) => {
      const room = rooms.get(documentId);
      if (room !== null) return room.awareness.present();
      return fanOut.shared ? askOthers(deps, documentId) : [];
    },
    broadcast: (documentId, payload) => {
      sendStateless(rooms.get(documentId)?.sessions ?? [], payload);
      if (fanOut.shared) fanOut.publishAwareness(documentId, node, encodeStatelessRelay(payload));
    },
  };
}

async function askOthers(deps: LivePresenceDeps, documentId: DocumentId): Promise<readonly PresentClient[]> {
  const { fanOut, clock, node, awarenessLimits } = deps;
  const awareness = createRoomAwareness({
    clock,
    sessions: new Set(),
    limits: awarenessLimits,
    // Nobody of this node announces anything here.
    ownerOf: () => undefined,
    onRefused: () => undefined,
    publish: (bytes) => fanOut.publishAwareness(documentId, node, bytes),
  });
  const leave = fanOut.subscribeAwareness(
    documentId,
    (from, update) => {
      try {
        if (from !== node) awareness.receiveRelay(from, update);
      } catch (error) {
        // A word to clients, or what is broken: either is none of ours.
        if (!(error instanceof MalformedAwareness)) throw error;
      }
    },
    () => {
      awareness.greet();
    },
  );
  try {
    await new Promise<void>((resolve) => {
      clock.after(PATIENCE, resolve);
    });
    return awareness.present();
  } finally {
    leave();
    awareness.stop();
  }
}
