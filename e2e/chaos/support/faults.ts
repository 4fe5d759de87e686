import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Cluster } from './cluster.ts';

/** Something that happens to a cluster and is over when the promise resolves. */
export type Fault = (cluster: Cluster, random: SeededRandom) => Promise<void>;

/** kill -9 of a node at random, and its restart a moment later. */
export const killNode: Fault = async (cluster, random) => {
  const node = cluster.nodes[random.below(cluster.nodes.length)];
  if (node === undefined) throw new Error('no such node');
  await node.kill();
  await sleep(random.below(500));
  await node.start();
};

/** What `pg_ctl stop -m immediate` does, and the restart, which has to recover. */
export const killPostgres: Fault = async (cluster, random) => {
  await cluster.postgres.stop('SIGQUIT');
  await sleep(random.below(1_000));
  await cluster.postgres.start();
};

/** kill -9 of Redis; it comes back empty. */
export const killRedis: Fault = async (cluster, random) => {
  await cluster.redis.stop('SIGKILL');
  await sleep(random.below(1_500));
  await cluster.redis.start();
};

/** Redis hangs for a while. */
export const hangRedis: Fault = async (cluster, random) => {
  cluster.redis.process().signal('SIGSTOP');
  await sleep(500 + random.below(2_000));
  cluster.redis.process().signal('SIGCONT');
};

/** The object store hangs for a while. */
export const hangObjects: Fault = async (cluster, random) => {
  cluster.objects.gateway().signal('SIGSTOP');
  await sleep(500 + random.below(2_000));
  cluster.objects.gateway().signal('SIGCONT');
};

/** One node loses its line to Redis, as in a split. */
export const partitionNode: Fault = async (cluster, random) => {
  const node = cluster.nodes[random.below(cluster.nodes.length)];
  if (node === undefined) throw new Error('no such node');
  node.lines.redis.setMode({ kind: 'black-hole', direction: 'to-client' });
  await sleep(1_000 + random.below(2_000));
  node.lines.redis.setMode({ kind: 'pass' });
  node.lines.redis.cut();
};
