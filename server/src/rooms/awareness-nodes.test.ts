import { describe, expect, it } from 'vitest';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { type AwarenessNode, createAwarenessNodes } from '../../test/support/awareness-nodes.ts';
import { createRandom } from '../../test/support/random.ts';
import type { TestSession } from '../../test/support/room-fixture.ts';
import { MalformedAwareness } from '../core/presence-update.ts';

/** A browser's own presence. */
class Client {
  readonly id: number;
  readonly user: string;
  readonly #awareness: Awareness;

  constructor(id: number, user: string) {
    const doc = new Y.Doc();
    doc.clientID = id;
    this.id = id;
    this.user = user;
    this.#awareness = new Awareness(doc);
    // Its timers are not needed.
    clearInterval(this.#awareness._checkInterval as NodeJS.Timeout);
    this.move(0);
  }

  move(to: number): void {
    this.#awareness.setLocalState({ user: { id: this.user, name: this.user }, to });
  }

  say(): Uint8Array {
    return encodeAwarenessUpdate(this.#awareness, [this.id]);
  }

  get state(): string {
    return JSON.stringify(this.#awareness.getLocalState());
  }

  /** Takes what the session was sent; gives back what a stock provider sends then, which is all that changed. */
  hear(session: TestSession): Uint8Array | null {
    const changed = new Set<number>();
    const note = (ids: Record<'added' | 'updated' | 'removed', number[]>): void => {
      for (const id of [...ids.added, ...ids.updated, ...ids.removed]) changed.add(id);
    };
    this.#awareness.on('update', note);
    for (const { bytes } of session.received.splice(0)) applyAwarenessUpdate(this.#awareness, bytes, null);
    this.#awareness.off('update', note);
    return changed.size === 0 ? null : encodeAwarenessUpdate(this.#awareness, [...changed]);
  }

  /** What a stock provider does when its connection is lost. */
  disconnect(): void {
    const others = [...this.#awareness.getStates().keys()].filter((id) => id !== this.id);
    removeAwarenessStates(this.#awareness, others, 'disconnected');
  }
}

/** What a stock client shows that was sent everything that a session was sent. */
function shownTo(session: TestSession): ReadonlyMap<number, string> {
  const viewer = new Awareness(new Y.Doc());
  clearInterval(viewer._checkInterval as NodeJS.Timeout);
  viewer.setLocalState(null);
  for (const { bytes } of session.received) applyAwarenessUpdate(viewer, bytes, null);
  return new Map([...viewer.getStates()].map(([client, state]) => [client, JSON.stringify(state)]));
}

const LONG = 1_000;

function two() {
  const { clock, nodes } = createAwarenessNodes(['a', 'b']);
  const [a, b] = nodes as [AwarenessNode, AwarenessNode];
  return { clock, a, b };
}

describe('presence on several nodes', () => {
  it('[ROOM44] who is on another node is seen here, moves here and leaves here', () => {
    const { clock, a, b } = two();
    const [ada, viewer] = [a.join('ada'), b.join('ben')];
    const client = new Client(1, 'ada');
    expect(a.awareness.receive(ada, client.say())).toEqual([1]);
    clock.advance(LONG);
    expect(shownTo(viewer)).toEqual(new Map([[1, client.state]]));
    client.move(7);
    a.awareness.receive(ada, client.say());
    clock.advance(LONG);
    expect(shownTo(viewer)).toEqual(new Map([[1, client.state]]));
    a.leave(ada);
    clock.advance(LONG);
    expect(shownTo(viewer)).toEqual(new Map());
    expect(b.awareness.encodeAll()).toBeNull();
  });

  it('[ROOM44] a node sends one message per window, whoever moved in it, and none when nobody did', () => {
    const { clock, a } = two();
    const clients = [1, 2, 3].map((id) => ({ client: new Client(id, `u${id}`), session: a.join(`u${id}`) }));
    for (let step = 0; step < 50; step += 1) {
      for (const { client, session } of clients) {
        client.move(step);
        a.awareness.receive(session, client.say());
      }
      clock.advance(10);
    }
    expect(a.published.length).toBeGreaterThanOrEqual(9);
    expect(a.published.length).toBeLessThanOrEqual(11);
    const before = a.published.length;
    clock.advance(60_000);
    expect(a.published.length - before).toBeLessThanOrEqual(1);
  });

  it('[ROOM46] who opens a document is told who is there, and tells who is here', () => {
    const { clock, a, b } = two();
    const [ada, ben] = [new Client(1, 'ada'), new Client(2, 'ben')];
    a.awareness.receive(a.join('ada'), ada.say());
    clock.advance(LONG);
    // As if node b had not listened until now.
    b.awareness.dropNode('a');
    b.awareness.receive(b.join('ben'), ben.say());
    b.awareness.greet();
    clock.advance(LONG);
    const everybody = new Map([
      [1, ada.state],
      [2, ben.state],
    ]);
    expect(a.present()).toEqual(everybody);
    expect(b.present()).toEqual(everybody);
  });

  it('[ROOM46] many who ask in one window are answered once', () => {
    const { clock, nodes } = createAwarenessNodes(['a', 'b', 'c', 'd', 'e']);
    const [a, ...others] = nodes as [AwarenessNode, ...AwarenessNode[]];
    a.awareness.receive(a.join('ada'), new Client(1, 'ada').say());
    clock.advance(LONG);
    const before = a.published.length;
    for (const node of others) node.awareness.greet();
    clock.advance(LONG);
    expect(a.published.length - before).toBeLessThanOrEqual(2);
    for (const node of others) expect(node.present().size).toBe(1);
  });

  it('[ROOM58] when a node is gone, everybody on it is gone, and nobody else', () => {
    const { clock, nodes } = createAwarenessNodes(['a', 'b', 'c']);
    const [a, b, c] = nodes as [AwarenessNode, AwarenessNode, AwarenessNode];
    const clients = [a, b, c].map((node, index) => {
      const client = new Client(index + 1, node.name);
      node.awareness.receive(node.join(node.name), client.say());
      return client;
    });
    const viewer = c.join('viewer');
    clock.advance(LONG);
    c.awareness.dropNode('a');
    clock.advance(LONG);
    expect(new Set(shownTo(viewer).keys())).toEqual(new Set([2, 3]));
    expect(new Set(c.present().keys())).toEqual(new Set([2, 3]));
    // It was only cut off: what it says when it is back counts.
    a.awareness.greet();
    clock.advance(LONG);
    expect(shownTo(viewer).get(1)).toBe(clients[0]?.state);
  });

  it('[ROOM37] a room that closes takes back whom it announced', () => {
    const { clock, a, b } = two();
    a.awareness.receive(a.join('ada'), new Client(1, 'ada').say());
    clock.advance(LONG);
    expect(b.present().size).toBe(1);
    a.awareness.stop();
    clock.advance(LONG);
    expect(b.present().size).toBe(0);
  });

  it('[ROOM47] a client whose goodbye was lost is gone after ninety seconds, one that renews itself stays', () => {
    let lost = false;
    const { clock, nodes } = createAwarenessNodes(['a', 'b'], (deliver) => {
      if (!lost) deliver();
    });
    const [a, b] = nodes as [AwarenessNode, AwarenessNode];
    const [ada, ben] = [new Client(1, 'ada'), new Client(2, 'ben')];
    const [adas, bens] = [a.join('ada'), a.join('ben')];
    a.awareness.receive(adas, ada.say());
    a.awareness.receive(bens, ben.say());
    clock.advance(LONG);
    lost = true;
    a.leave(adas);
    clock.advance(LONG);
    lost = false;
    for (let seconds = 0; seconds < 120; seconds += 15) {
      expect(b.present().has(1)).toBe(seconds <= 90);
      clock.advance(15_000);
      ben.move(seconds);
      a.awareness.receive(bens, ben.say());
    }
    expect([...b.present().keys()]).toEqual([2]);
    const timers = clock.pendingTimers;
    a.leave(bens);
    clock.advance(60_000);
    expect(clock.pendingTimers).toBeLessThan(timers);
  });

  it('[ROOM47] bytes of another node that are no presence are malformed and change nothing', () => {
    const { clock, a, b } = two();
    a.awareness.receive(a.join('ada'), new Client(1, 'ada').say());
    clock.advance(LONG);
    for (const bytes of [[], [1], [1, 0, 1, 1], [9, 9, 9], [1, 2, 255, 255, 255, 255, 255, 255, 255, 255]]) {
      expect(() => b.awareness.receiveRelay('a', Uint8Array.from(bytes))).toThrow(MalformedAwareness);
    }
    expect([...b.present().keys()]).toEqual([1]);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    '[ROOM45] clients that move, reconnect elsewhere and leave are seen alike on all nodes in the end (seed %i)',
    (seed) => {
      const outcome = roam(seed);
      for (const { present, shown } of outcome.nodes) {
        expect(present, `seed ${seed}`).toEqual(outcome.expected);
        expect(shown, `seed ${seed}`).toEqual(outcome.expected);
      }
    },
  );
});

interface Place {
  readonly node: AwarenessNode;
  readonly session: TestSession;
}

/**
 * Clients roam over three nodes whose messages are late, doubled and in any order. Old connections linger, and every
 * client echoes what it hears, late.
 */
function roam(seed: number) {
  const random = createRandom(seed);
  const { clock, nodes } = createAwarenessNodes(['a', 'b', 'c'], (deliver) => {
    clock.after(1 + random.below(120), deliver);
    if (random.chance(0.2)) clock.after(1 + random.below(200), deliver);
  });
  const viewers = nodes.map((node) => node.join('viewer'));
  const clients = [1, 2, 3, 4].map((id) => new Client(id, `user-${id % 3}`));
  const places = new Map<Client, Place>();
  const lingering: Place[] = [];
  const end = ({ node, session }: Place): void => node.leave(session);
  const connect = (client: Client): void => {
    const node = random.pick(nodes);
    const session = node.join(client.user);
    places.set(client, { node, session });
    node.awareness.receive(session, client.say());
  };
  const echo = (client: Client, { node, session }: Place): void => {
    const heard = client.hear(session);
    if (heard !== null) node.awareness.receive(session, heard);
  };
  for (let step = 0; step < 120; step += 1) {
    const client = random.pick(clients);
    const place = places.get(client);
    if (place === undefined) connect(client);
    else if (random.chance(0.5)) {
      client.move(step);
      place.node.awareness.receive(place.session, client.say());
    } else if (random.chance(0.6)) {
      places.delete(client);
      client.disconnect();
      if (random.chance(0.5)) end(place);
      else lingering.push(place);
      connect(client);
    } else {
      client.disconnect();
      places.delete(client);
      end(place);
    }
    if (random.chance(0.2)) lingering.splice(0, 1).forEach(end);
    if (random.chance(0.1)) random.pick(nodes).awareness.greet();
    for (const [one, at] of places) if (random.chance(0.5)) echo(one, at);
    // A client stays at least as long as its messages take.
    clock.advance(place !== undefined && places.get(client) === place ? random.below(60) : 260);
  }
  lingering.forEach(end);
  for (let turn = 0; turn < 5; turn += 1) {
    clock.advance(1_000);
    for (const [client, place] of places) echo(client, place);
  }
  const expected = new Map([...places.keys()].map((client) => [client.id, client.state]));
  return {
    expected: sorted(expected),
    nodes: nodes.map((node, index) => ({
      present: sorted(node.present()),
      shown: sorted(shownTo(viewers[index] as TestSession)),
    })),
  };
}

function sorted(states: ReadonlyMap<number, string>): readonly (readonly [number, string])[] {
  return [...states].toSorted(([one], [other]) => one - other);
}
