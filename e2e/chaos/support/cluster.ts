import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultProxy, startFaultProxy } from '../../../server/test/services/fault-proxy.ts';
import { type ObjectStoreServer, startObjectStore } from '../../../server/test/services/object-store-server.ts';
import { type PostgresServer, startPostgres } from '../../../server/test/services/postgres-server.ts';
import { findPort } from '../../../server/test/services/process.ts';
import { type RedisServer, startRedis } from '../../../server/test/services/redis-server.ts';
import type { Child } from '../../support/child-process.ts';
import { serverEnvironment, spawnServer, waitUntilReady } from '../../support/scriptorium-server.ts';
import { type Balancer, startBalancer } from './balancer.ts';

/** What stands between one node and one of the services. */
export interface NodeLines {
  readonly database: FaultProxy;
  readonly redis: FaultProxy;
  readonly objects: FaultProxy;
}

/** A node of the cluster, whose address outlives its runs. */
export interface ClusterNode {
  readonly index: number;
  readonly port: number;
  /** `http://127.0.0.1:PORT`, past the balancer. */
  readonly url: string;
  readonly collabUrl: string;
  readonly lines: NodeLines;
  /** The present run. */
  process(): Child;
  running(): boolean;
  start(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** SIGTERM; how it ended. */
  terminate(): Promise<{ readonly code: number | null; readonly milliseconds: number }>;
}

/** Three nodes behind haproxy over real services, with a line that can be disturbed between each node and each service. */
export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  readonly balancer: Balancer;
  /** Where clients connect: the balancer. */
  readonly collabUrl: string;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly objects: ObjectStoreServer;
  dispose(): Promise<void>;
}

export interface ClusterOptions {
  readonly nodes?: number;
  /** False: no node knows of Redis. */
  readonly withRedis?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

const BUCKET = 'chaos';
const DATABASE = 'chaos';

/** Starts services, nodes and balancer; everything is ended by `dispose`. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'scriptorium-chaos-'));
  const [postgres, redis, objects] = await Promise.all([startPostgres(), startRedis(), startObjectStore()]);
  await postgres.createDatabase(DATABASE);
  await objects.createBucket(BUCKET);
  const services = { postgres, redis, objects };
  const nodes: ClusterNode[] = [];
  for (let index = 0; index < (options.nodes ?? 3); index += 1) {
    nodes.push(await createNode({ index, directory, services, options }));
  }
  await Promise.all(nodes.map((node) => node.start()));
  const balancer = await startBalancer(nodes.map((node) => node.port));
  return {
    nodes,
    balancer,
    collabUrl: `ws://127.0.0.1:${balancer.port}/collab`,
    ...services,
    async dispose() {
      await Promise.all(nodes.filter((node) => node.running()).map((node) => node.kill()));
      await balancer.dispose();
      await Promise.all(
        nodes.flatMap(({ lines }) => [lines.database, lines.redis, lines.objects].map((it) => it.dispose())),
      );
      await Promise.all([postgres.dispose(), redis.dispose(), objects.dispose()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface NodePlan {
  readonly index: number;
  readonly directory: string;
  readonly services: {
    readonly postgres: PostgresServer;
    readonly redis: RedisServer;
    readonly objects: ObjectStoreServer;
  };
  readonly options: ClusterOptions;
}

async function createNode({ index, directory, services, options }: NodePlan): Promise<ClusterNode> {
  const port = await findPort();
  const lines: NodeLines = {
    database: await startFaultProxy(services.postgres.port),
    redis: await startFaultProxy(services.redis.port),
    objects: await startFaultProxy(services.objects.port),
  };
  const env = {
    ...serverEnvironment({ dataDir: join(directory, `node-${index}`), port }),
    DATABASE_URL: `postgres://postgres@127.0.0.1:${lines.database.port}/${DATABASE}`,
    ...(options.withRedis === false ? {} : { REDIS_URL: `redis://127.0.0.1:${lines.redis.port}` }),
    S3_BUCKET: BUCKET,
    S3_ENDPOINT: `http://127.0.0.1:${lines.objects.port}`,
    S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: services.objects.accessKeyId,
    AWS_SECRET_ACCESS_KEY: services.objects.secretAccessKey,
    // Small, so that objects and history are written while a test runs.
    SNAPSHOT_INLINE_BYTES: '256',
    LIMIT_UPDATES_PER_SECOND: '10000',
    ...options.env,
  };
  const url = `http://127.0.0.1:${port}`;
  let child: Child | null = null;
  const current = (): Child => {
    if (child === null) throw new Error(`node ${index} is not running`);
    return child;
  };
  return {
    index,
    port,
    url,
    collabUrl: `ws://127.0.0.1:${port}/collab`,
    lines,
    process: current,
    running: () => child !== null && child.exit === null,
    async start() {
      child = spawnServer(env);
      await waitUntilReady(child, url, 30_000);
    },
    async kill() {
      await current().kill();
    },
    async terminate() {
      const asked = performance.now();
      current().signal('SIGTERM');
      const { code } = await current().exited;
      return { code, milliseconds: performance.now() - asked };
    },
  };
}
