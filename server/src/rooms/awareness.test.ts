import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createTestSession, type TestSession } from '../../test/support/room-fixture.ts';
import { MalformedAwareness } from '../core/presence-update.ts';
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
  const limits = { statesPerSession: 2, stateBytes: 200 };
  const room = createRoomAwareness({ clock, sessions: new Set(sessions), limits, publish: null });
  return { room, clock, flush: () => clock.advance(25) };
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
