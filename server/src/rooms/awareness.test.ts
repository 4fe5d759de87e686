import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createTestSession, type TestSession } from '../../test/support/room-fixture.ts';
import { encodePresenceUpdate, LEFT, MalformedAwareness } from '../core/presence-update.ts';
import { createRoomAwareness } from './awareness.ts';

function createPeer(client: number, name: string) {
  const doc = new Y.Doc();
  doc.clientID = client;
  const awareness = new Awareness(doc);
  awareness.setLocalState({ name });
  return { awareness, encode: () => encodeAwarenessUpdate(awareness, [client]) };
}

function fixture(...sessions: TestSession[]) {
  const clock = createFakeClock();
  const limits = { statesPerSession: 2, stateBytes: 200, perSecond: 40 };
  const owners = new Map<number, string>();
  const room = createRoomAwareness({
    clock,
    sessions: new Set(sessions),
    limits,
    ownerOf: (client) => owners.get(client),
    onRefused: (session) => {
      session.onPresenceRefused('presence-refused');
    },
    publish: null,
  });
  return { room, clock, owners, flush: () => clock.advance(25) };
}

function namesSeen(session: TestSession, viewer = createPeer(999, 'viewer').awareness): string[] {
  for (const { bytes } of session.received) applyAwarenessUpdate(viewer, bytes, null);
  return [...viewer.getStates()]
    .filter(([client]) => client !== 999)
    .map(([, state]) => String(state.name))
    .toSorted();
}

describe('room awareness', () => {
  const ada = () => createTestSession('ada');

  it('[ROOM9] others see who is here and who left', () => {
    const [one, two] = [ada(), createTestSession('ben')];
    const { room, flush } = fixture(one, two);
    expect(room.receive(one, createPeer(1, 'Ada').encode())).toEqual([1]);
    flush();
    const viewer = createPeer(999, 'viewer').awareness;
    expect(namesSeen(two, viewer)).toEqual(['Ada']);
    room.leave(one);
    flush();
    expect(namesSeen(two, viewer)).toEqual([]);
    expect(room.encodeAll()).toBeNull();
  });

  it('[ROOM10] nobody speaks for an id that another user announced', () => {
    const [one, two, three] = [ada(), createTestSession('mallory'), createTestSession('ben')];
    const { room, flush } = fixture(one, two, three);
    room.receive(one, createPeer(1, 'Ada').encode());
    const forged = createPeer(1, 'Forged');
    for (let step = 0; step < 5; step += 1) forged.awareness.setLocalState({ name: 'Forged' });
    expect(room.receive(two, forged.encode())).toEqual([]);
    flush();
    expect(namesSeen(three)).toEqual(['Ada']);
  });

  it('[ROOM11] a client that comes back under its id is seen again at once', () => {
    const [one, again, watcher] = [ada(), ada(), createTestSession('ben')];
    const { room, flush } = fixture(one, again, watcher);
    const peer = createPeer(1, 'Ada');
    room.receive(one, peer.encode());
    flush();
    room.leave(one);
    flush();
    room.receive(again, peer.encode());
    flush();
    expect(namesSeen(watcher)).toEqual(['Ada']);
  });

  it('[ROOM12] a new connection takes its id over from one that is not known to be dead', () => {
    const [one, again, watcher] = [ada(), ada(), createTestSession('ben')];
    const { room, flush } = fixture(one, again, watcher);
    const peer = createPeer(1, 'Ada');
    room.receive(one, peer.encode());
    room.receive(again, peer.encode());
    room.leave(one);
    flush();
    expect(namesSeen(watcher)).toEqual(['Ada']);
  });

  it('[ROOM13] an echo of a state by another tab does not take the id over', () => {
    const [one, tab, watcher] = [ada(), ada(), createTestSession('ben')];
    const { room, flush } = fixture(one, tab, watcher);
    const peer = createPeer(1, 'Ada');
    room.receive(one, peer.encode());
    room.receive(tab, createPeer(2, 'Ada in a tab').encode());
    room.receive(tab, peer.encode());
    room.leave(tab);
    flush();
    expect(namesSeen(watcher)).toEqual(['Ada']);
  });

  it('[ROOM14] a client that says goodbye is gone for the others', () => {
    const [one, watcher] = [ada(), createTestSession('ben')];
    const { room, flush } = fixture(one, watcher);
    const peer = createPeer(1, 'Ada');
    room.receive(one, peer.encode());
    flush();
    removeAwarenessStates(peer.awareness, [1], 'bye');
    room.receive(one, peer.encode());
    flush();
    expect(namesSeen(watcher)).toEqual([]);
  });

  it('[ROOM15] states over the limits are left out, and what is no update is malformed', () => {
    const one = ada();
    const { room } = fixture(one);
    expect(room.receive(one, createPeer(1, 'x'.repeat(300)).encode())).toEqual([]);
    const announced = [1, 2, 3].flatMap((client) => room.receive(one, createPeer(client, 'n').encode()));
    expect(announced).toEqual([1, 2]);
    for (const bytes of [[], [1], [1, 1, 1, 2, 123], [255, 255, 255, 255, 1], [1, 1, 1, 1, 49]]) {
      expect(() => room.receive(one, Uint8Array.from(bytes))).toThrow(MalformedAwareness);
    }
  });

  it('[ROOM44] where there can be no other node, nothing is prepared for one', () => {
    const one = ada();
    const { room, clock } = fixture(one, createTestSession('ben'));
    room.receive(one, createPeer(1, 'Ada').encode());
    room.greet();
    expect(clock.pendingTimers).toBe(1);
    room.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('presence that cannot lie', () => {
  const ada = () => createTestSession('ada');
  const mallory = () => createTestSession('mallory');
  const stateOf = (session: TestSession, client: number): unknown => {
    const viewer = createPeer(999, 'viewer').awareness;
    for (const { bytes } of session.received) applyAwarenessUpdate(viewer, bytes, null);
    return viewer.getStates().get(client);
  };

  it('[ROOM100] a state says by the token whose it is, whatever the client says', () => {
    const [one, watcher] = [mallory(), ada()];
    const { room, flush } = fixture(one, watcher);
    const peer = createPeer(1, '');
    peer.awareness.setLocalState({ user: { id: 'ada', name: 'Ada', color: 'red' }, cursor: 3 });
    room.receive(one, peer.encode());
    flush();
    expect(stateOf(watcher, 1)).toEqual({ user: { id: 'mallory', name: 'mallory', color: 'red' }, cursor: 3 });
  });

  it('[ROOM101] nobody announces a clientID that is bound to another user, present or not', () => {
    const [one, watcher] = [mallory(), ada()];
    const { room, owners, flush } = fixture(one, watcher);
    owners.set(1, 'ada');
    expect(room.receive(one, createPeer(1, 'Forged').encode())).toEqual([]);
    expect(room.receive(watcher, createPeer(2, 'Ada').encode())).toEqual([2]);
    room.leave(watcher);
    const late = createPeer(2, 'Forged');
    for (let step = 0; step < 9; step += 1) late.awareness.setLocalState({ step });
    expect(room.receive(one, late.encode())).toEqual([]);
    flush();
    expect(room.encodeAll()).toBeNull();
    expect(one.refused).toEqual(['presence-refused', 'presence-refused']);
  });

  it('[ROOM101] an echo of somebody else is no attempt at anything', () => {
    const [one, watcher] = [mallory(), ada()];
    const { room, owners } = fixture(one, watcher);
    const peer = createPeer(1, 'Ada');
    owners.set(1, 'ada');
    room.receive(watcher, peer.encode());
    room.receive(one, peer.encode());
    expect(one.refused).toEqual([]);
  });

  it('[ROOM102] too many ids, at once or one after the other, are refused; one that Yjs changes is followed', () => {
    const one = ada();
    const { room } = fixture(one);
    const claims = Array.from({ length: 1_000 }, (_, client) => ({ client, clock: 1, state: '{}' }));
    expect(room.receive(one, encodePresenceUpdate(claims))).toHaveLength(2);
    let arrived = 0;
    for (let client = 0; client < 100; client += 1) {
      room.receive(one, encodePresenceUpdate([{ client: client - 1, clock: 9, state: LEFT }]));
      room.receive(one, encodePresenceUpdate([{ client: client - 2, clock: 9, state: LEFT }]));
      arrived += room.receive(one, encodePresenceUpdate([{ client, clock: 1, state: '{}' }])).length;
    }
    expect(arrived).toBeGreaterThan(10);
    expect(arrived).toBeLessThan(40);
  });

  it('[ROOM103] states too large in bytes, too deep, with a reserved key or a mad clock are left out and told', () => {
    const [one, watcher] = [ada(), mallory()];
    const { room } = fixture(one, watcher);
    const nested = (depth: number): string => '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1);
    const send = (state: string, clock = 1) => room.receive(one, encodePresenceUpdate([{ client: 7, clock, state }]));
    for (const state of [`{"a":"${'é'.repeat(120)}"}`, nested(33), '{"a":{"__proto__":{}}}', '[]']) {
      expect(send(state)).toEqual([]);
    }
    expect(send('{}', 2 ** 41)).toEqual([]);
    expect(one.refused).toHaveLength(5);
    expect(send(nested(32))).toEqual([7]);
  });

  it('[ROOM104] however often a client moves, others hear of it thirty times a second, and of its last state', () => {
    const [one, watcher] = [ada(), mallory()];
    const clock = createFakeClock();
    const limits = { statesPerSession: 2, stateBytes: 200, perSecond: 30 };
    const deps = { ownerOf: () => undefined, onRefused: () => undefined, publish: null };
    const room = createRoomAwareness({ clock, sessions: new Set([one, watcher]), limits, ...deps });
    for (let step = 1; step <= 1_000; step += 1) {
      room.receive(one, encodePresenceUpdate([{ client: 1, clock: step, state: `{"step":${step}}` }]));
      clock.advance(1);
    }
    clock.advance(100);
    expect(watcher.received.length).toBeLessThanOrEqual(31);
    expect(stateOf(watcher, 1)).toMatchObject({ step: 1_000 });
  });

  it('[ROOM105] who may not see the others hears of nobody, and is told when that changes', () => {
    const [one, blind] = [ada(), mallory()];
    blind.presence = { sees: false, shows: true };
    const { room, flush } = fixture(one, blind);
    room.receive(one, createPeer(1, 'Ada').encode());
    flush();
    expect(blind.received).toEqual([]);
    expect(room.encodeFor(blind)).toBeNull();
    blind.presence = { sees: true, shows: true };
    room.bringLevel(blind);
    expect(stateOf(blind, 1)).toMatchObject({ name: 'Ada' });
    blind.presence = { sees: false, shows: true };
    room.bringLevel(blind);
    expect(stateOf(blind, 1)).toBeUndefined();
  });
});
