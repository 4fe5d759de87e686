import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisLink } from '../../src/adapters/redis/link.ts';
import { partitionOf, slotOf } from '../../src/adapters/redis/partitions.ts';
import type { RedisTimings } from '../../src/adapters/redis/redis-fan-out.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type RedisCluster, ask, startRedisCluster } from '../services/redis-cluster.ts';
import { waitForHealth } from '../services/redis-fan-outs.ts';
import { type RedisSentinels, startRedisSentinels } from '../services/redis-sentinels.ts';
import type { RedisServer } from '../services/redis-server.ts';
import { missing } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { type DocumentNode, openDocumentNode } from './document-node.ts';
import { openRedisNode, type RedisNode, waitForWords } from './redis-nodes.ts';

let directory: TemporaryDirectory;
let stores: DocumentNode;
let nodes: RedisNode[];

async function openTwo(url: string, timings: Partial<RedisTimings> = {}) {
  nodes = ['a', 'b'].map((name) => openRedisNode(stores, { url, prefix: 't', name, more: { timings } }));
  const [a, b] = nodes as [RedisNode, RedisNode];
  await waitForHealth([a.fanOut, b.fanOut]);
  return { a, b, fanOuts: [a.fanOut, b.fanOut] };
}

/** Types on one node until the other one hears of it by relay, and not by the log alone. */
async function waitForRelay(documentId: number, from: RedisNode, to: RedisNode): Promise<void> {
  const before = to.counters.get('relay_received_total') ?? 0;
  let count = 0;
  await vi.waitFor(
    async () => {
      count += 1;
      await from.type(documentId, `relay${count}`);
      expect(to.counters.get('relay_received_total') ?? 0).toBeGreaterThan(before);
    },
    { timeout: 30_000, interval: 100 },
  );
}

beforeEach(async () => {
  directory = createTemporaryDirectory('redis-topology');
  stores = await openDocumentNode(directory.path);
  nodes = [];
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.drain()));
  await stores.close();
  directory.remove();
});

describe.skipIf(missing.redis)('[ROOM56] a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => void (cluster = await startRedisCluster()));
  afterAll(() => cluster.dispose());

  /** The server that has a document's channels, and one that has not. */
  function serversOf(documentId: number): readonly [RedisServer, RedisServer] {
    const index = Math.floor(slotOf(partitionOf(documentId)) / Math.ceil(16_384 / cluster.nodes.length));
    const [mine, other] = [cluster.nodes[index], cluster.nodes[(index + 1) % cluster.nodes.length]];
    if (mine === undefined || other === undefined) throw new Error('no such server');
    return [mine, other];
  }

  /** A document on each of the servers. */
  async function createDocuments(): Promise<ReadonlyMap<RedisServer, number>> {
    const documents = new Map<RedisServer, number>();
    for (let count = 0; documents.size < cluster.nodes.length; count += 1) {
      const { id } = await stores.create(`document-${count}`);
      const [mine] = serversOf(id);
      if (!documents.has(mine)) documents.set(mine, id);
    }
    return documents;
  }

  it('that loses a server goes on with the others, and with that one when it is back', async () => {
    const documents = await createDocuments();
    const { a, b, fanOuts } = await openTwo(cluster.url);
    const [lost, kept] = cluster.nodes as [RedisServer, RedisServer];
    const [lostId, keptId] = [documents.get(lost) ?? 0, documents.get(kept) ?? 0];
    const rooms = await Promise.all([a.open(lostId), b.open(lostId)]);
    await b.open(keptId);
    await a.type(lostId, 'before');
    await waitForWords(rooms, 'before');
    await lost.stop('SIGKILL');
    await waitForHealth(fanOuts, false);
    await a.type(lostId, 'a-away');
    await b.type(lostId, 'b-away');
    await waitForWords(rooms, 'before a-away b-away');
    await waitForRelay(keptId, a, b);
    await lost.start();
    await waitForHealth(fanOuts);
    await waitForRelay(lostId, b, a);
  });

  it('that gives a slot to another server relays over that one', async () => {
    const { id } = await stores.create('moving');
    // Nobody looks around by himself: the server says that it has moved a channel.
    const { a, b, fanOuts } = await openTwo(cluster.url, { refreshInterval: 600_000 });
    await Promise.all([a.open(id), b.open(id)]);
    await waitForRelay(id, a, b);
    const [from, to] = serversOf(id);
    const slot = slotOf(partitionOf(id));
    await cluster.moveSlot(slot, to);
    await vi.waitFor(
      async () => {
        const channels = (await ask(to, ['pubsub', 'shardchannels'])) as string[];
        expect(channels.filter((channel) => channel.endsWith(`:r:${id}`))).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
    await waitForRelay(id, a, b);
    await cluster.moveSlot(slot, from);
    await waitForHealth(fanOuts);
    await waitForRelay(id, b, a);
  });

  it('has one connection to each server to publish and one to listen, however many documents are open', async () => {
    const { a, b } = await openTwo(cluster.url);
    const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => stores.create(`many-${index}`)));
    const rooms = await Promise.all(ids.map(({ id }) => b.open(id)));
    for (const room of rooms.slice(0, 20)) await a.type(room.documentId, 'here');
    for (const room of rooms.slice(0, 20)) await waitForWords([room], 'here');
    for (const server of cluster.nodes) {
      const clients = String(await ask(server, ['client', 'list'])).split('\n');
      const named = (name: string) => clients.filter((client) => client.includes(`name=scriptorium-${name}`)).length;
      expect([named('publisher'), named('subscriber')]).toEqual([2, 2]);
    }
  });
});

describe.skipIf(missing.redis)('[ROOM57] sentinels', () => {
  let sentinels: RedisSentinels;
  beforeEach(async () => void (sentinels = await startRedisSentinels()));
  afterEach(() => sentinels.dispose());

  it('name another master when theirs is killed, and the nodes follow', async () => {
    const { a, b, fanOuts } = await openTwo(sentinels.url);
    const { id } = await stores.create('watched');
    const rooms = await Promise.all([a.open(id), b.open(id)]);
    await waitForRelay(id, a, b);
    const port = await sentinels.masterPort();
    const master = sentinels.servers.find((server) => server.port === port);
    await master?.stop('SIGKILL');
    await waitForHealth(fanOuts, false);
    await b.type(id, 'between');
    await waitForHealth(fanOuts);
    expect(await sentinels.masterPort()).not.toBe(port);
    await waitForRelay(id, a, b);
    await vi.waitFor(() => expect(rooms[0]?.position).toEqual(rooms[1]?.position), { timeout: 10_000 });
  });

  it('whose word is old lead to no server that is a master no more', async () => {
    const port = await sentinels.masterPort();
    for (const server of sentinels.servers) {
      const end = Promise.withResolvers<string>();
      const link = new RedisLink({
        place: { address: { host: '127.0.0.1', port: server.port }, partitions: [0] },
        access: { tls: false, login: { username: null, password: null } },
        clock: createSystemClock(),
        sharded: false,
        masterOnly: true,
        patience: 10_000,
        probeInterval: 60_000,
        maxPendingBytes: 1_000,
        wanted: () => [],
        echoChannel: 'echo',
        nextProbe: () => ({ number: 1, bytes: Buffer.from('probe') }),
        onMessage: () => link.echo(1),
        onSubscribed: () => undefined,
        onUp: () => end.resolve('up'),
        onDown: (reason) => end.resolve(reason),
      });
      expect(await end.promise).toBe(server.port === port ? 'up' : 'the server is a slave');
      link.close();
    }
  });
});
