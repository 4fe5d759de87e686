import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ObjectStoreServer, startObjectStore } from '../../server/test/services/object-store-server.ts';
import { type PostgresServer, startPostgres } from '../../server/test/services/postgres-server.ts';
import { type RedisServer, startRedis } from '../../server/test/services/redis-server.ts';
import { type Child, startChild } from '../support/child-process.ts';
import { findFreePort } from '../support/free-port.ts';
import { ROOT, serverEnvironment, spawnServer } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { answers, type Started } from './servers.ts';

/** The services that both kinds of cluster share within one run of the benchmark. */
export interface BenchServices {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly objects: ObjectStoreServer;
  dispose(): Promise<void>;
}

export async function startBenchServices(): Promise<BenchServices> {
  const [postgres, redis, objects] = await Promise.all([startPostgres(), startRedis(), startObjectStore()]);
  return {
    postgres,
    redis,
    objects,
    async dispose() {
      await Promise.all([postgres.dispose(), redis.dispose(), objects.dispose()]);
    },
  };
}

/** A server that runs on several nodes. */
export interface ClusterServer {
  readonly title: string;
  /** Path of the WebSocket endpoint. */
  readonly path: string;
  readonly readyPath: string;
  spawn(place: NodePlace): Child;
}

interface NodePlace {
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** Null: a node on its own. */
  readonly redisUrl: string | null;
  readonly services: BenchServices;
  /** Bucket of this run. */
  readonly bucket: string;
  /** Settings besides. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The clusters that the benchmark knows, by name. */
export const CLUSTER_SERVERS: Readonly<Record<string, ClusterServer>> = {
  scriptorium: {
    title: 'Scriptorium',
    path: '/collab',
    readyPath: '/readyz',
    spawn: ({ databaseUrl, redisUrl, services, bucket, variables, ...place }) =>
      spawnServer({
        ...serverEnvironment(place),
        DATABASE_URL: databaseUrl,
        ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
        S3_BUCKET: bucket,
        S3_ENDPOINT: services.objects.endpoint,
        S3_FORCE_PATH_STYLE: 'true',
        AWS_ACCESS_KEY_ID: services.objects.accessKeyId,
        AWS_SECRET_ACCESS_KEY: services.objects.secretAccessKey,
        ...variables,
      }),
  },
  hocuspocus: {
    title: 'Hocuspocus 4.7, redis, database',
    path: '',
    readyPath: '/',
    spawn: ({ port, databaseUrl, redisUrl }) =>
      startChild({
        command: process.execPath,
        args: [
          fileURLToPath(new URL('stock-cluster-main.mjs', import.meta.url)),
          String(port),
          redisUrl ?? '',
          databaseUrl,
        ],
        cwd: ROOT,
        env: { HOST: '127.0.0.1', PORT: String(port) },
      }),
  },
};

let runs = 0;

/** Starts so many nodes of it on an empty database and an empty Redis. */
export async function startClusterServer(
  server: ClusterServer,
  {
    services,
    nodes,
    shared = true,
    variables = {},
  }: {
    readonly services: BenchServices;
    readonly nodes: number;
    readonly shared?: boolean;
    readonly variables?: Readonly<Record<string, string>>;
  },
): Promise<Started> {
  runs += 1;
  const database = `bench${runs}`;
  const bucket = `bench-${runs}`;
  await services.postgres.createDatabase(database);
  await services.objects.createBucket(bucket);
  const directory = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'));
  const databaseUrl = services.postgres.urlOf(database);
  const startedAt = performance.now();
  const children: Child[] = [];
  const urls: string[] = [];
  for (let index = 0; index < nodes; index += 1) {
    const port = await findFreePort();
    const place = { port, dataDir: join(directory, String(index)), databaseUrl, services, bucket, variables };
    const child = server.spawn({ ...place, redisUrl: shared ? services.redis.url : null });
    const readyUrl = `http://127.0.0.1:${port}${server.readyPath}`;
    const what = `${server.title} is ready`;
    await waitUntil(() => answers(readyUrl, child), { what, timeoutMs: 30_000, seen: child.output });
    children.push(child);
    urls.push(`ws://127.0.0.1:${port}${server.path}`);
  }
  return {
    pids: children.map((child) => child.pid),
    urls,
    token: await mintToken({ sub: 'bench' }),
    readyAfterMs: performance.now() - startedAt,
    redisUrl: shared ? services.redis.url : null,
    async stop() {
      await Promise.all(children.map((child) => child.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
