import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../services/redis-cluster.ts';
import { openTestFanOut, waitForHealth } from '../services/redis-fan-outs.ts';
import { type RedisSentinels, startRedisSentinels } from '../services/redis-sentinels.ts';
import { canMakeCertificates, startTlsRedis, type TlsRedis } from '../services/redis-tls.ts';
import { missing, newRedisSpace } from '../services/shared-services.ts';
import { describeFanOut, type FanOutsUnderTest } from './fan-out.contract.ts';

async function openTwo(url: string, ca?: string): Promise<FanOutsUnderTest> {
  const prefix = `test-${randomUUID()}`;
  const [a, b] = ['a', 'b'].map((node) => openTestFanOut({ url, prefix, node }, ca === undefined ? {} : { ca }));
  if (a === undefined || b === undefined) throw new Error('there are two');
  await waitForHealth([a, b]);
  return {
    a,
    b,
    close: async () => {
      await Promise.all([a.drain(1_000), b.drain(1_000)]);
    },
  };
}

describe.skipIf(missing.redis)('one server', () => {
  describeFanOut('Redis', () => openTwo(newRedisSpace().url));
});

describe.skipIf(missing.redis)('a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => void (cluster = await startRedisCluster()));
  afterAll(() => cluster.dispose());

  describeFanOut('Redis Cluster', () => openTwo(cluster.url));
  describeFanOut('Redis Cluster, found by one of its nodes', () => openTwo(cluster.nodes[1]?.url ?? ''));
});

describe.skipIf(missing.redis)('sentinels', () => {
  let sentinels: RedisSentinels;
  beforeAll(async () => void (sentinels = await startRedisSentinels()));
  afterAll(() => sentinels.dispose());

  describeFanOut('Redis Sentinel', () => openTwo(sentinels.url));
});

describe.skipIf(missing.redis || !canMakeCertificates)('TLS and a password', () => {
  let server: TlsRedis;
  beforeAll(async () => void (server = await startTlsRedis()));
  afterAll(() => server.dispose());

  describeFanOut('Redis over TLS', () => openTwo(server.url, server.ca));
});
