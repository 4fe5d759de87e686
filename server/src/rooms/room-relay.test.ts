import { describe, expect, it } from 'vitest';
import { decodePresenceRelay } from '../core/presence-relay.ts';
import type { FanOut, RelayMessage } from '../ports/fan-out.ts';
import { noHistory } from '../../test/support/no-history.ts';
import { createRoomFixture } from '../../test/support/room-fixture.ts';
import type { Room } from './room.ts';
import { openRoomRelay } from './room-relay.ts';

/** A fan-out whose subscriptions come into force when a test says so. */
function createSlowFanOut(inForceAtOnce: boolean) {
  const handlers = new Set<(message: RelayMessage) => void>();
  const health = new Set<(healthy: boolean) => void>();
  const gone = new Set<(node: string) => void>();
  const actives: (() => void)[] = [];
  const presence: Uint8Array[] = [];
  const fanOut: FanOut = {
    shared: true,
    publish: () => undefined,
    subscribe: (_documentId, handler, onActive = () => undefined) => {
      handlers.add(handler);
      if (inForceAtOnce) onActive();
      else actives.push(onActive);
      return () => void handlers.delete(handler);
    },
    publishAwareness: (_documentId, _node, update) => void presence.push(update),
    subscribeAwareness: (_documentId, _handler, onActive) => {
      onActive?.();
      return () => undefined;
    },
    healthy: () => true,
    onHealth: (handler) => {
      health.add(handler);
      return () => void health.delete(handler);
    },
    onNodeGone: (handler) => {
      gone.add(handler);
      return () => void gone.delete(handler);
    },
    drain: () => Promise.resolve(),
  };
  return {
    fanOut,
    presence,
    heal: () => {
      for (const handler of health) handler(true);
    },
    listeners: () => handlers.size + health.size + gone.size,
    activate: () => actives.splice(0).forEach((active) => active()),
    relay: (seq: number, node = 'other', epoch = 1) => {
      for (const handler of handlers) handler({ node, documentId: 1, epoch, seq, payload: null });
    },
  };
}

function fixture(inForceAtOnce: boolean) {
  const slow = createSlowFanOut(inForceAtOnce);
  const rooms = createRoomFixture({ fanOut: slow.fanOut });
  const compared: Room[] = [];
  const reads: number[] = [];
  const log = {
    ...rooms.log,
    readRows: (_documentId: number, after: number) => {
      reads.push(after);
      return Promise.resolve([]);
    },
  };
  const heads = { ask: (room: Room) => void compared.push(room) };
  const relay = openRoomRelay(
    { ...noHistory, log, telemetry: rooms.telemetry, fanOut: slow.fanOut, node: 'mine', heads },
    1,
  );
  let told = (): void => undefined;
  const room = rooms.openRoom(1, () => told());
  const onDiscarded = (tell: () => void): void => {
    told = tell;
  };
  return { ...slow, relay, compared, reads, clock: rooms.clock, room, relayed: slow.relay, onDiscarded };
}

describe('[ROOM43] between a load and its subscription', () => {
  it('what is relayed before the room is there is seen when it is', () => {
    const { relay, room, relayed, reads, compared } = fixture(true);
    relayed(2);
    relayed(3);
    relayed(1);
    expect(reads).toEqual([]);
    relay.attach(room);
    expect(reads).toEqual([0]);
    expect(compared).toEqual([]);
  });

  it('a subscription that comes into force during the load has the room compared once it is loaded', () => {
    const { relay, room, activate, compared } = fixture(false);
    activate();
    relay.attach(room);
    expect(compared).toEqual([room]);
  });

  it('one that comes into force after the load has the room compared then', () => {
    const { relay, room, activate, compared } = fixture(false);
    relay.attach(room);
    expect(compared).toEqual([]);
    activate();
    expect(compared).toEqual([room]);
  });

  it('one that was in force before costs no comparison', () => {
    const { relay, room, compared } = fixture(true);
    relay.attach(room);
    expect(compared).toEqual([]);
  });

  it('a room that belongs to another incarnation ends at once, and nothing of it stays', () => {
    const { relay, room, relayed, listeners, onDiscarded } = fixture(true);
    onDiscarded(() => relay.close());
    relayed(1, 'other', 2);
    relay.attach(room);
    expect([room.discarded, listeners()]).toEqual([true, 0]);
  });

  it('the node does not take its own rows, and listens to nothing once the room is closed', () => {
    const { relay, room, relayed, reads, listeners } = fixture(true);
    relayed(7, 'mine');
    relay.attach(room);
    relayed(8, 'mine');
    expect([reads, listeners()]).toEqual([[], 3]);
    relay.close();
    expect(listeners()).toBe(0);
  });
});

describe('[ROOM46] a room that is there', () => {
  it('asks the other nodes who is with them, and again when the fan-out is back', () => {
    const { relay, room, presence, clock, heal } = fixture(true);
    relay.attach(room);
    clock.advance(1_000);
    heal();
    clock.advance(1_000);
    expect(presence.map((bytes) => decodePresenceRelay(bytes).kind)).toEqual(['hello', 'hello']);
  });
});
