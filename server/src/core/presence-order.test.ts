import { describe, expect, it } from 'vitest';
import { PresenceOrder } from './presence-order.ts';
import type { PresenceRelay } from './presence-relay.ts';

function relay(kind: PresenceRelay['kind'], stamp: number, ...clients: number[]): PresenceRelay {
  return {
    kind,
    stamp,
    claims: clients.map((client) => ({ client, clock: stamp, age: 0, user: 'ada', state: '{}' })),
  };
}

function clientsOf(order: PresenceOrder, message: PresenceRelay): readonly number[] | null {
  return order.take('n', message)?.claims.map(({ client }) => client) ?? null;
}

describe('[ROOM47] late and doubled presence', () => {
  it('a doubled message is no news, a late one is for whom nothing later was said of', () => {
    const order = new PresenceOrder();
    expect(clientsOf(order, relay('changes', 5, 1, 2))).toEqual([1, 2]);
    expect(clientsOf(order, relay('changes', 5, 1, 2))).toEqual([]);
    expect(clientsOf(order, relay('changes', 3, 2, 3))).toEqual([3]);
    expect(clientsOf(order, relay('changes', 6, 2))).toEqual([2]);
  });

  it('a message that names everybody replaces all before it, but not what was said after it', () => {
    const order = new PresenceOrder();
    order.take('n', relay('changes', 7, 1));
    expect(order.take('n', relay('all', 5, 1, 2))).toMatchObject({ claims: [{ client: 2 }], spare: new Set([1]) });
    expect(clientsOf(order, relay('changes', 4, 3))).toBeNull();
    expect(clientsOf(order, relay('hello', 5))).toBeNull();
    expect(order.take('n', relay('hello', 9))).toEqual({ claims: [], spare: new Set() });
  });

  it('nodes are apart, a node that is forgotten starts anew, and memory has an end', () => {
    const order = new PresenceOrder();
    order.take('n', relay('all', 5));
    expect(order.take('m', relay('changes', 1, 1))?.claims).toHaveLength(1);
    order.forget('n');
    expect(clientsOf(order, relay('changes', 1, 1))).toEqual([1]);
    for (let stamp = 2; stamp < 3_000; stamp += 1) order.take('n', relay('changes', stamp, stamp));
    expect(clientsOf(order, relay('changes', 3, 77))).toBeNull();
  });
});
