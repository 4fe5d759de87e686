import { MalformedAwareness } from '../core/presence-update.ts';
import { decodeStatelessRelay } from '../core/stateless-relay.ts';
import type { FanOut, RelayMessage } from '../ports/fan-out.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { receiveRelay, type CatchUpDeps } from './catch-up.ts';
import type { HeadComparison } from './head-comparison.ts';
import type { Room } from './room.ts';
import { sendStateless } from './send-stateless.ts';

export interface RoomRelayDeps extends CatchUpDeps {
  readonly fanOut: FanOut;
  readonly node: string;
  readonly heads: HeadComparison;
}

/** What ties one room to the other nodes, from before its load to its end. */
export interface RoomRelay {
  /** Gives the loaded room what came meanwhile, and from now on everything. */
  attach(room: Room): void;
  close(): void;
}

/**
 * Listens for a document before it is loaded, so that no row falls between the load and the subscription: the newest
 * one that is relayed meanwhile is kept, and where the subscription came into force only after the load had begun, the
 * room is compared with the log.
 */
export function openRoomRelay(deps: RoomRelayDeps, documentId: DocumentId): RoomRelay {
  let room: Room | null = null;
  let early: RelayMessage | null = null;
  let loading = false;
  let unsure = false;
  const leaveRows = deps.fanOut.subscribe(
    documentId,
    (message) => {
      if (message.node === deps.node) return;
      if (room !== null) receiveRelay(deps, room, message);
      else if (early === null || isLater(message, early)) early = message;
    },
    () => {
      if (room !== null) deps.heads.ask(room);
      else unsure = loading;
    },
  );
  loading = true;
  let leavePresence = (): void => undefined;
  return {
    attach(loaded) {
      room = loaded;
      // First of all: what came early may end the room, and this with it.
      leavePresence = joinPresence(deps, loaded);
      if (early !== null) receiveRelay(deps, loaded, early);
      if (unsure) deps.heads.ask(loaded);
    },
    close() {
      leaveRows();
      leavePresence();
    },
  };
}

function isLater(one: RelayMessage, other: RelayMessage): boolean {
  return one.epoch === other.epoch ? one.seq > other.seq : one.epoch > other.epoch;
}

/** Ties the room's presence to that of the document's rooms on other nodes. */
function joinPresence(deps: RoomRelayDeps, room: Room): () => void {
  const { awareness, documentId } = room;
  if (!deps.fanOut.shared) return () => undefined;
  const endings = [
    deps.fanOut.subscribeAwareness(
      documentId,
      (node, update) => {
        if (node !== deps.node) receivePresence(deps, room, { node, update });
      },
      () => {
        awareness.greet();
      },
    ),
    // What the others said meanwhile is lost, and so may be what they heard of this node.
    deps.fanOut.onHealth((healthy) => {
      if (healthy) awareness.greet();
    }),
    deps.fanOut.onNodeGone((node) => {
      awareness.dropNode(node);
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}

function receivePresence(
  deps: RoomRelayDeps,
  room: Room,
  { node, update }: { readonly node: string; readonly update: Uint8Array },
): void {
  const payload = decodeStatelessRelay(update);
  if (payload !== null) {
    sendStateless(room.sessions, payload);
    return;
  }
  try {
    room.awareness.receiveRelay(node, update);
  } catch (error) {
    if (!(error instanceof MalformedAwareness)) throw error;
    deps.telemetry.metrics.count('relay_malformed_total');
  }
}
