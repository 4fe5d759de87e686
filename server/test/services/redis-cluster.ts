import { Redis } from 'ioredis';
import { findPort } from './process.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

const SLOTS = 16_384;

/** A Redis cluster of the tests: masters only, each with its share of the slots. */
export interface RedisCluster {
  /** `redis+cluster://127.0.0.1:PORT,…` */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** Gives one slot from its master to another, as a resharding does at its end. */
  moveSlot(slot: number, to: RedisServer): Promise<void>;
  dispose(): Promise<void>;
}

/** Starts a cluster; one that lacks a node goes on with the slots of the others. */
export async function startRedisCluster(size = 3): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: size }, startNode));
  const share = Math.ceil(SLOTS / size);
  for (const [index, node] of nodes.entries()) {
    const [from, to] = [index * share, Math.min((index + 1) * share, SLOTS) - 1];
    await ask(node, ['cluster', 'addslotsrange', from, to]);
    // Different epochs from the start, so that the nodes need not agree on them first.
    await ask(node, ['cluster', 'set-config-epoch', index + 1]);
  }
  const ids = await Promise.all(nodes.map(async (node) => String(await ask(node, ['cluster', 'myid']))));
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster has at least one node');
  await Promise.all(nodes.slice(1).map(async (node) => meet(node, first)));
  await Promise.all(nodes.map((node) => waitForView(node, size)));
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    async moveSlot(slot, to) {
      const id = ids[nodes.indexOf(to)] ?? '';
      // The new master first, or it would send clients back.
      for (const node of [to, ...nodes.filter((it) => it !== to)])
        await ask(node, ['cluster', 'setslot', slot, 'node', id]);
    },
    async dispose() {
      await Promise.all(nodes.map((node) => node.dispose()));
    },
  };
}

async function startNode(): Promise<RedisServer> {
  const busPort = await findPort();
  const settings = { enabled: 'yes', port: busPort, 'node-timeout': 2_000, 'require-full-coverage': 'no' };
  return startRedis(Object.entries(settings).flatMap(([name, value]) => [`--cluster-${name}`, String(value)]));
}

async function meet(node: RedisServer, other: RedisServer): Promise<void> {
  const [, busPort] = /@(\d+)/.exec(String(await ask(other, ['cluster', 'nodes']))) ?? [];
  await ask(node, ['cluster', 'meet', '127.0.0.1', other.port, busPort ?? '']);
}

/** Waits until the node knows a master for every slot, and all others. */
async function waitForView(node: RedisServer, size: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const info = String(await ask(node, ['cluster', 'info']));
    if (info.includes(`cluster_slots_ok:${SLOTS}`) && info.includes(`cluster_size:${size}`)) return;
    if (performance.now() > deadline) throw new Error(`the cluster does not come together:\n${info}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** Sends one command to a server of the tests. */
export async function ask(
  server: Pick<RedisServer, 'port'>,
  [command, ...values]: readonly [string, ...(string | number | Buffer)[]],
): Promise<unknown> {
  const redis = new Redis({ port: server.port, host: '127.0.0.1', retryStrategy: () => null, enableReadyCheck: false });
  redis.on('error', () => undefined);
  try {
    return await redis.call(command, values);
  } finally {
    redis.disconnect();
  }
}
