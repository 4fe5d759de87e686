import { describe, expect, it } from 'vitest';
import { PresenceTable, type PresenceSession } from './presence-table.ts';
import { LEFT } from './presence-update.ts';

function session(user: string): PresenceSession {
  return { user };
}

function createTable(now = 0) {
  const table = new PresenceTable<PresenceSession>(8);
  const time = { now };
  return {
    time,
    table,
    announce: (by: PresenceSession, client: number, clock: number) =>
      table.announce(by, { client, clock, state: `{"at":${clock}}` }, time.now)?.presence ?? null,
    hear: (node: string, user: string, claim: { client: number; clock: number; age: number; state?: string }) =>
      table.receive(node, { claims: [{ state: `{"at":${claim.clock}}`, ...claim, user }], spare: null }, time.now),
    holders: () =>
      table.all().map(({ client, holder }) => [client, holder.kind === 'node' ? holder.node : holder.session.user]),
  };
}

describe('[ROOM45] whose client it is', () => {
  it('a client that comes here from another node is held here, and its old node says nothing of it any more', () => {
    const { time, announce, hear, holders } = createTable();
    hear('a', 'ada', { client: 1, clock: 5, age: 1_000 });
    time.now = 2_000;
    const ada = session('ada');
    expect(announce(ada, 1, 5)).toMatchObject({ holder: { kind: 'session' }, shown: 5 });
    hear('a', 'ada', { client: 1, clock: 6, age: 3_000 });
    hear('a', 'ada', { client: 1, clock: 5, age: 3_000, state: LEFT });
    expect(holders()).toEqual([[1, 'ada']]);
  });

  it('a client that went to another node is held there, though its old connection is not known to be dead', () => {
    const { table, time, announce, hear, holders } = createTable();
    const old = session('ada');
    announce(old, 1, 5);
    time.now = 10_000;
    expect(hear('b', 'ada', { client: 1, clock: 5, age: 20 })).toHaveLength(1);
    expect(holders()).toEqual([[1, 'b']]);
    expect(table.leave(old)).toEqual([]);
    expect(table.local()).toEqual([]);
  });

  it('third nodes believe the later of two nodes, in whatever order they hear of them', () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const { time, hear, holders } = createTable(50_000);
      for (const node of order) hear(node, 'ada', { client: 1, clock: 7, age: node === 'a' ? 40_000 : 100 });
      time.now += 10;
      hear('a', 'ada', { client: 1, clock: 7, age: 40_010, state: LEFT });
      expect(holders()).toEqual([[1, 'b']]);
    }
  });

  it('another node never takes a local client from its user, and third nodes believe the earlier user', () => {
    const { time, announce, hear, holders } = createTable(10_000);
    announce(session('ada'), 1, 5);
    time.now += 1_000;
    expect(hear('b', 'mallory', { client: 1, clock: 2 ** 40, age: 5_000 })).toEqual([]);
    expect(holders()).toEqual([[1, 'ada']]);
    hear('b', 'mallory', { client: 2, clock: 9, age: 10 });
    hear('c', 'ada', { client: 2, clock: 1, age: 900 });
    expect(holders()).toContainEqual([2, 'c']);
    hear('b', 'mallory', { client: 2, clock: 10, age: 20 });
    expect(holders()).toContainEqual([2, 'c']);
    expect(announce(session('mallory'), 2, 2 ** 41)).toBeNull();
  });

  it('those who look on see a clock that only grows, wherever the client goes', () => {
    const { table, time, announce, hear } = createTable();
    const seen: number[] = [];
    const see = (change: { readonly shown: number; readonly state: string } | null | undefined): void => {
      time.now += 10;
      if (change !== null && change !== undefined) seen.push(change.shown + (change.state === LEFT ? 0.5 : 0));
    };
    see(announce(session('ada'), 1, 5));
    see(hear('b', 'ada', { client: 1, clock: 6, age: 0 })[0]);
    see(table.dropNode('b')[0]);
    see(announce(session('ada'), 1, 6));
    see(hear('c', 'ada', { client: 1, clock: 7, age: 0 })[0]);
    see(hear('c', 'ada', { client: 1, clock: 7, age: 10, state: LEFT })[0]);
    see(hear('b', 'ada', { client: 1, clock: 4, age: 0 })[0]);
    expect(seen).toEqual([5, 6, 6.5, 7, 8, 8.5, 9]);
  });
});

describe('[ROOM48] echoes', () => {
  it('an echo of a client that left brings it back for nobody, its own return does', () => {
    const { table, announce, hear, holders } = createTable();
    const [ada, tab, ben] = [session('ada'), session('ada'), session('ben')];
    announce(ben, 9, 1);
    announce(tab, 8, 1);
    announce(ada, 1, 5);
    table.leave(ada);
    hear('a', 'eve', { client: 2, clock: 3, age: 10 });
    table.dropNode('a');
    for (const by of [ben, tab, session('ben')]) expect(announce(by, 1, 5)).toBeNull();
    for (const by of [ben, tab]) expect(announce(by, 2, 3)).toBeNull();
    expect(holders().map(([client]) => client)).toEqual([9, 8]);
    expect(announce(session('ada'), 1, 5)).toMatchObject({ shown: 6 });
    expect(announce(session('eve'), 2, 3)).toMatchObject({ shown: 4 });
  });

  it('an echo of a client on another node is no announcement, also under the clock that it is shown by', () => {
    const { table, announce, hear, holders } = createTable();
    const tab = session('ada');
    announce(tab, 8, 1);
    hear('a', 'ada', { client: 1, clock: 5, age: 10 });
    table.dropNode('a');
    const [shown] = hear('a', 'ada', { client: 1, clock: 5, age: 10 });
    expect(shown).toMatchObject({ clock: 5, shown: 6 });
    expect(announce(tab, 1, 6)).toBeNull();
    expect(holders()).toContainEqual([1, 'a']);
  });
});

describe('[ROOM47] presence that nobody renews', () => {
  it('is gone where its node does not speak of it any more, and stays where it does', () => {
    const { table, time, announce, hear, holders } = createTable();
    announce(session('ada'), 1, 1);
    hear('a', 'ben', { client: 2, clock: 1, age: 0 });
    hear('a', 'eve', { client: 3, clock: 1, age: 0 });
    time.now = 50_000;
    hear('a', 'eve', { client: 3, clock: 1, age: 50_000 });
    expect(table.expire(time.now - 10_000).map(({ client, state }) => [client, state])).toEqual([[2, LEFT]]);
    expect(holders().map(([client]) => client)).toEqual([1, 3]);
  });

  it('is gone where its node says who is there and leaves it out', () => {
    const { table, hear, holders } = createTable();
    hear('a', 'ben', { client: 2, clock: 1, age: 0 });
    hear('a', 'eve', { client: 3, clock: 1, age: 0 });
    hear('b', 'kim', { client: 4, clock: 1, age: 0 });
    hear('a', 'lou', { client: 5, clock: 1, age: 0 });
    const claims = [{ client: 3, clock: 1, age: 5, user: 'eve', state: '{"at":1}' }];
    expect(table.receive('a', { claims, spare: new Set([5]) }, 5).map(({ client }) => client)).toEqual([2]);
    expect(holders().map(([client]) => client)).toEqual([3, 4, 5]);
  });
});
