import { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RateTaken, RateWindows } from '../../ports/rate-windows.ts';
import { parseRedisUrl, type RedisLogin, type RedisTarget } from './redis-url.ts';

/** Milliseconds that one question may take; then the node counts for itself. */
const PATIENCE = 250;
/** Milliseconds of silence after which a connection counts as dead, so that the next questions need not wait. */
const SILENCE = 1_000;
const RECONNECT = { first: 200, most: 5_000 } as const;

export interface RedisRateWindowsDeps {
  readonly clock: Pick<Clock, 'random'>;
  readonly url: string;
  /** Beginning of all keys; each has an end, the one of its window. */
  readonly prefix: string;
}

/** Windows that the nodes of a Redis or Valkey share. Waits for nothing; throws with what is wrong about the URL. */
export function openRedisRateWindows({ url, prefix, clock }: RedisRateWindowsDeps): RateWindows {
  const parsed = parseRedisUrl(url);
  if (parsed.kind === 'invalid') throw new ScriptoriumError('bad-request', `REDIS_URL ${parsed.problem}.`);
  const client = connect(parsed.target, clock);
  // What is wrong shows in each answer, and each has the node's own count to fall back on.
  client.on('error', () => undefined);
  return {
    open({ name, points, seconds }) {
      const window = { points, duration: seconds };
      const insuranceLimiter = new RateLimiterMemory({ keyPrefix: name, ...window });
      const keyPrefix = `${prefix}:limit:${name}`;
      const shared = { storeClient: client, keyPrefix, insuranceLimiter, rejectIfRedisNotReady: true };
      const limiter = new RateLimiterRedis({ ...window, ...shared });
      return { take: (key, taken) => limiter.consume(key, taken).then(toTaken(true), toTaken(false)) };
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
    retryStrategy: (attempt: number) =>
      clock.random() * Math.min(RECONNECT.most, RECONNECT.first * 2 ** Math.min(attempt, 10)),
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
