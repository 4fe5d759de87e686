import { splitPresenceUpdate } from '../../src/core/presence-update.ts';
import { createRoomAwareness, type RoomAwareness } from '../../src/rooms/awareness.ts';
import { createFakeClock } from './fake-clock.ts';
import { createTestSession, type TestSession } from './room-fixture.ts';

/** One document's presence on one node. */
export interface AwarenessNode {
  readonly name: string;
  readonly awareness: RoomAwareness;
  /** The sessions in the document here. */
  readonly sessions: Set<TestSession>;
  readonly published: Uint8Array[];
  join(user: string): TestSession;
  leave(session: TestSession): void;
  /** Who is here, by clientID. */
  present(): ReadonlyMap<number, string>;
}

/** Nodes that tell each other about one document; `carry` decides what becomes of each message. */
export function createAwarenessNodes(
  names: readonly string[],
  carry?: (deliver: () => void, from: string, to: string) => void,
) {
  const clock = createFakeClock();
  const nodes = new Map<string, AwarenessNode>();
  for (const name of names) nodes.set(name, createNode(name));

  function createNode(name: string): AwarenessNode {
    const sessions = new Set<TestSession>();
    const published: Uint8Array[] = [];
    const awareness = createRoomAwareness({
      clock,
      sessions,
      limits: { statesPerSession: 8, stateBytes: 4096, perSecond: 40 },
      ownerOf: () => undefined,
      onRefused: () => undefined,
      publish: (bytes) => {
        published.push(bytes);
        for (const [other, node] of nodes) {
          if (other === name) continue;
          const deliver = (): void => node.awareness.receiveRelay(name, bytes);
          if (carry === undefined) clock.after(1, deliver);
          else carry(deliver, name, other);
        }
      },
    });
    return {
      name,
      awareness,
      sessions,
      published,
      join(user) {
        const session = createTestSession(user);
        sessions.add(session);
        return session;
      },
      leave(session) {
        if (sessions.delete(session)) awareness.leave(session);
      },
      present() {
        const all = awareness.encodeAll();
        const entries = all === null ? [] : splitPresenceUpdate(all);
        return new Map(entries.map(({ client, state }) => [client, Buffer.from(state).toString()]));
      },
    };
  }
  return { clock, nodes: [...nodes.values()] };
}
