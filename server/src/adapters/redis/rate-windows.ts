import { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RateTaken, RateWindows } from '../../ports/rate-windows.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { parseRedisUrl, type RedisLogin, type RedisTarget } from './redis-url.ts';
import { reconnectDelay, spareRedis } from './spare-redis.ts';

/** Milliseconds that one question may take; then the node counts for itself. */
const PATIENCE = 250;
/** Milliseconds of silence after which a connection counts as dead, so that the next questions need not wait. */
const SILENCE = 1_000;

export interface RedisRateWindowsDeps {
  readonly clock: Pick<Clock, 'random'>;
  readonly url: string;
  /** Beginning of all keys; each has an end, the one of its window. */
  readonly prefix: string;
  readonly log: Logger;
  /** Milliseconds for which nothing is asked after questions failed; tests make it short or long. */
  readonly openFor?: number;
}

/** Windows that the nodes of a Redis or Valkey share. Waits for nothing; throws with what is wrong about the URL. */
export function openRedisRateWindows({ url, prefix, clock, log, openFor }: RedisRateWindowsDeps): RateWindows {
  const parsed = parseRedisUrl(url);
  if (parsed.kind === 'invalid') throw new ScriptoriumError('bad-request', `REDIS_URL ${parsed.problem}.`);
  const client = connect(parsed.target, clock);
  // What is wrong shows in each answer, and each has the node's own count to fall back on.
  client.on('error', () => undefined);
  const reads = spareRedis({ reads: 'limits', log, openFor });
  return {
    open({ name, points, seconds }) {
      const window = { points, duration: seconds };
      const own = new RateLimiterMemory({ ...window, keyPrefix: name });
      const shared = new RateLimiterRedis({ ...window, storeClient: client, keyPrefix: `${prefix}:limit:${name}` });
      const takeFrom = (limiter: RateLimiterMemory | RateLimiterRedis, key: string, taken: number) =>
        limiter.consume(key, taken).then(toTaken(true), toTaken(false));
      return {
        take: async (key, taken) => {
          // A connection that is not there yet says nothing about how Redis is.
          if (client.status !== 'ready') return takeFrom(own, key, taken);
          return reads.ask(() => takeFrom(shared, key, taken)).catch(() => takeFrom(own, key, taken));
        },
      };
    },
    close: () => {
      client.disconnect();
    },
  };
}

function toTaken(allowed: boolean) {
  return (result: unknown): RateTaken => {
    if (!(result instanceof RateLimiterRes)) throw result;
    return { allowed, remaining: result.remainingPoints, resetAfter: result.msBeforeNext };
  };
}

function connect(target: RedisTarget, clock: Pick<Clock, 'random'>): Redis | Cluster {
  const options = {
    ...describeLogin(target.login),
    ...(target.tls ? { tls: {} } : {}),
    connectionName: 'scriptorium-limits',
    disableClientInfo: true,
    commandTimeout: PATIENCE,
    socketTimeout: SILENCE,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt: number) => reconnectDelay(attempt, clock.random()),
  };
  switch (target.kind) {
    case 'server':
      return new Redis({ ...target.address, ...options });
    case 'cluster':
      return new Cluster([...target.seeds], { redisOptions: options, enableOfflineQueue: false });
    case 'sentinel': {
      const { password } = target.sentinelLogin;
      const own = password === null ? {} : { sentinelPassword: password };
      return new Redis({ sentinels: [...target.sentinels], name: target.master, ...own, ...options });
    }
  }
}

function describeLogin({ username, password }: RedisLogin) {
  return { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }) };
}
