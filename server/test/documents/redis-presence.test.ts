import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChannelNames } from '../../src/adapters/redis/partitions.ts';
import { encodeFrame } from '../../src/adapters/redis/relay-format.ts';
import { encodePresenceUpdate, splitPresenceUpdate } from '../../src/core/presence-update.ts';
import type { Room } from '../../src/rooms/room.ts';
import { ask } from '../services/redis-cluster.ts';
import { waitForHealth } from '../services/redis-fan-outs.ts';
import { type RedisServer, startRedis } from '../services/redis-server.ts';
import { missing } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { type DocumentNode, openDocumentNode } from './document-node.ts';
import { openRedisNode, type RedisNode } from './redis-nodes.ts';

let directory: TemporaryDirectory;
let stores: DocumentNode;
let redis: RedisServer;
let nodes: RedisNode[];
let documentId: number;

/** A node whose lease is a tenth of the usual one, with a login of its own, so that it can be cut off alone. */
async function openNode(name: string): Promise<RedisNode> {
  await ask(redis, ['acl', 'setuser', name, 'on', '>secret', '~*', '&*', '+@all']);
  const url = `redis://${name}:secret@127.0.0.1:${redis.port}`;
  const node = openRedisNode(stores, { url, prefix: 't', name, more: { timings: { beat: 100 } } });
  nodes.push(node);
  await waitForHealth([node.fanOut]);
  return node;
}

/** A client of the node's name joins on it; the clientID is the name's first letter. */
async function joinOn(node: RedisNode) {
  const session = await node.join(documentId, node.name);
  const room = await node.open(documentId);
  const client = node.name.charCodeAt(0);
  let clock = 0;
  const move = (): void => {
    clock += 1;
    room.awareness.receive(session, encodePresenceUpdate([{ client, clock, state: JSON.stringify({ clock }) }]));
  };
  move();
  return { room, session, move };
}

function presentIn(room: Room): string {
  const all = room.awareness.encodeAll();
  if (all === null) return '';
  const clients = splitPresenceUpdate(all).map(({ client }) => String.fromCharCode(client));
  return clients.toSorted().join('');
}

async function waitForPresence(rooms: readonly Room[], who: string): Promise<void> {
  await vi.waitFor(() => expect(rooms.map(presentIn)).toEqual(rooms.map(() => who)), { timeout: 20_000, interval: 20 });
}

async function cutOff(name: string): Promise<void> {
  await ask(redis, ['acl', 'setuser', name, 'off']);
  await ask(redis, ['client', 'kill', 'user', name]);
}

describe.skipIf(missing.redis)('presence over Redis', () => {
  beforeEach(async () => {
    directory = createTemporaryDirectory('redis-presence');
    [stores, redis] = await Promise.all([openDocumentNode(directory.path), startRedis()]);
    nodes = [];
    documentId = (await stores.create('shared')).id;
  });

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.drain()));
    await Promise.all([redis.dispose(), stores.close()]);
    directory.remove();
  });

  it('[ROOM46] a node that opens a document late sees everybody, and everybody sees it', async () => {
    const [a, b, c] = [await openNode('a'), await openNode('b'), await openNode('c')];
    const ofA = await joinOn(a);
    const ofB = await joinOn(b);
    await waitForPresence([ofA.room, ofB.room], 'ab');
    const late = await c.open(documentId);
    await waitForPresence([late], 'ab');
    const ofC = await joinOn(c);
    await waitForPresence([ofA.room, ofB.room, ofC.room], 'abc');
  });

  it('[ROOM58] a node that dies takes its people along, and only those', async () => {
    const [a, b, c] = [await openNode('a'), await openNode('b'), await openNode('c')];
    const [ofA, ofB, ofC] = [await joinOn(a), await joinOn(b), await joinOn(c)];
    await waitForPresence([ofA.room, ofB.room, ofC.room], 'abc');
    await cutOff('a');
    await waitForPresence([ofB.room, ofC.room], 'bc');
    // It was not dead after all.
    await waitForPresence([ofA.room], 'a');
    await ask(redis, ['acl', 'setuser', 'a', 'on']);
    await waitForPresence([ofA.room, ofB.room, ofC.room], 'abc');
  });

  it('[ROOM58] a node that stops in order takes its people along at once', async () => {
    const [a, b] = [await openNode('a'), await openNode('b')];
    const [, ofB] = [await joinOn(a), await joinOn(b)];
    await waitForPresence([ofB.room], 'ab');
    await a.drain();
    await waitForPresence([ofB.room], 'b');
  });

  it('[ROOM37] what a node sent before its goodbye, and arrives behind it, brings nobody back', async () => {
    const [a, b] = [await openNode('a'), await openNode('b')];
    const heard: string[] = [];
    const active = Promise.withResolvers<void>();
    b.fanOut.subscribeAwareness(documentId, (node) => heard.push(node), active.resolve);
    await active.promise;
    await a.drain();
    const channel = createChannelNames('t').presence(documentId);
    for (const node of ['a', 'other']) {
      const frame = encodeFrame({ kind: 'presence', node, sentAt: 0, update: new Uint8Array() });
      await ask(redis, ['publish', channel, frame]);
    }
    await vi.waitFor(() => expect(heard).toEqual(['other']), { timeout: 10_000 });
  });

  it('[ROOM58] while Redis is away for long, only those of the own node are there; then all are again', async () => {
    const [a, b] = [await openNode('a'), await openNode('b')];
    const [ofA, ofB] = [await joinOn(a), await joinOn(b)];
    await waitForPresence([ofA.room, ofB.room], 'ab');
    await redis.stop('SIGKILL');
    await waitForPresence([ofA.room], 'a');
    await waitForPresence([ofB.room], 'b');
    const seen = ofA.session.received.length;
    ofB.move();
    await redis.start();
    for (const name of ['a', 'b']) await ask(redis, ['acl', 'setuser', name, 'on', '>secret', '~*', '&*', '+@all']);
    await waitForPresence([ofA.room, ofB.room], 'ab');
    await vi.waitFor(() => expect(ofA.session.received.length).toBeGreaterThan(seen), { timeout: 10_000 });
  });

  it('[ROOM44] bytes that are no presence are counted and change nothing', async () => {
    const [a, b] = [await openNode('a'), await openNode('b')];
    const [ofA, ofB] = [await joinOn(a), await joinOn(b)];
    await waitForPresence([ofA.room, ofB.room], 'ab');
    for (const bytes of [[], [7], [1, 0, 5], [1, 9, 1, 0]])
      a.fanOut.publishAwareness(documentId, 'a', Uint8Array.from(bytes));
    await vi.waitFor(() => expect(b.counters.get('relay_malformed_total')).toBe(4), { timeout: 10_000 });
    expect(presentIn(ofB.room)).toBe('ab');
  });
});
