import { Cluster, Redis } from 'ioredis';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RenderingKey, RenderingStore } from '../../ports/rendering-store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { parseRedisUrl, type RedisLogin, type RedisTarget } from './redis-url.ts';
import { reconnectDelay, spareRedis } from './spare-redis.ts';

export interface RedisRenderingsDeps {
  readonly url: string;
  /** Begins the names of all keys; deployments that share a server need different ones. */
  readonly prefix: string;
  /** Version of what renders; nodes of two versions do not take each other's. */
  readonly version: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Milliseconds for which nothing is read after reads failed; tests make it short or long. */
  readonly openFor?: number;
}

/** Seconds for which a rendering is kept. A database that was set back must not find what came after, so it is short. */
const KEPT = 600;
/** Larger ones cost more on the way than they save. */
const MAX_BYTES = 1024 * 1024;
/** Milliseconds that a read may take: what does not come by then is rendered. */
const PATIENCE = 50;
/** Milliseconds that the removal of a document's renderings may take. */
const FORGET_PATIENCE = 2_000;
/** Milliseconds of silence after which a connection counts as dead. */
const SILENCE = 1_000;
const FORMATS = ['yjs', 'json', 'markdown', 'html', 'text'] as const;

/** Renderings in Redis or Valkey, the newest of each document and format; a head in front of each tells what it is of. */
export function createRedisRenderings(deps: RedisRenderingsDeps): RenderingStore {
  const parsed = parseRedisUrl(deps.url);
  if (parsed.kind === 'invalid') throw new ScriptoriumError('bad-request', `REDIS_URL ${parsed.problem}.`);
  const client = connect(parsed.target, deps.clock);
  const { clock, telemetry } = deps;
  client.on('error', (error: unknown) => telemetry.log.debug('renderings_unreachable', { reason: String(error) }));
  const reads = spareRedis({ reads: 'renderings', log: telemetry.log, openFor: deps.openFor });
  const nameOf = (documentId: number, format: string): string => `${deps.prefix}:rendering:${documentId}:${format}`;
  const headOf = ({ createdAt, epoch, seq }: RenderingKey): Buffer =>
    Buffer.from(`${deps.version} ${createdAt} ${epoch} ${seq}\n`);
  const fail = (error: unknown): null => {
    telemetry.log.debug('rendering_not_read', { reason: String(error) });
    return null;
  };

  return {
    get: async (key) => {
      if (client.status !== 'ready') return null;
      const name = nameOf(key.documentId, key.format);
      const found = await reads.ask(() => within(clock, client.getBuffer(name), PATIENCE)).catch(fail);
      const head = headOf(key);
      return found?.subarray(0, head.byteLength).equals(head) === true ? found.subarray(head.byteLength) : null;
    },
    put: (key, bytes) => {
      if (client.status !== 'ready' || !reads.isWell || bytes.byteLength > MAX_BYTES) return;
      const value = Buffer.concat([headOf(key), bytes]);
      client.set(nameOf(key.documentId, key.format), value, 'EX', KEPT).catch(fail);
    },
    forget: async (documentId) => {
      // One by one: in a cluster they lie on several servers.
      const removals = FORMATS.map((format) => client.del(nameOf(documentId, format)));
      const removed = await within(clock, Promise.all(removals), FORGET_PATIENCE).catch((error: unknown) => {
        throw new ScriptoriumError('storage-unavailable', `renderings in Redis: ${String(error)}`);
      });
      return removed.reduce((sum, count) => sum + count, 0);
    },
    drain: () => {
      client.disconnect();
      return Promise.resolve();
    },
  };
}

function connect(target: RedisTarget, clock: Clock): Redis | Cluster {
  const common = {
    ...describeLogin(target.login),
    ...(target.tls && { tls: {} }),
    connectionName: 'scriptorium-renderings',
    // What is not answered at once is not worth asking any more.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    socketTimeout: SILENCE,
  };
  const retryStrategy = (attempt: number): number => reconnectDelay(attempt, clock.random());
  switch (target.kind) {
    case 'server':
      return new Redis({ ...common, ...target.address, retryStrategy });
    case 'cluster':
      return new Cluster([...target.seeds], {
        redisOptions: common,
        enableOfflineQueue: false,
        clusterRetryStrategy: retryStrategy,
      });
    case 'sentinel':
      return new Redis({
        ...common,
        sentinels: [...target.sentinels],
        name: target.master,
        ...(target.sentinelLogin.password !== null && { sentinelPassword: target.sentinelLogin.password }),
        retryStrategy,
        sentinelRetryStrategy: retryStrategy,
      });
  }
}

function describeLogin({ username, password }: RedisLogin) {
  return { ...(username !== null && { username }), ...(password !== null && { password }) };
}

/** The answer, if it comes in time. */
async function within<T>(clock: Clock, answer: Promise<T>, patience: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(patience, () => late.reject(new Error('no answer in time')));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    timer.cancel();
  }
}
