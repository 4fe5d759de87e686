import { Cluster, Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RateTaken, RateWindow, RateWindows } from '../../ports/rate-windows.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { parseRedisUrl, type RedisLogin, type RedisTarget } from './redis-url.ts';
import { SLIDING_WINDOW_SCRIPT } from './sliding-window-script.ts';
import { reconnectDelay, type SparedReads, spareRedis } from './spare-redis.ts';

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
  /** Where this node counts what is taken through it, for the time when Redis does not answer. */
  readonly own: RateWindows;
  /** Milliseconds for which nothing is asked after questions failed; tests make it short or long. */
  readonly openFor?: number;
}

/** Windows that the nodes of a Redis or Valkey share. Waits for nothing; throws with what is wrong about the URL. */
export function openRedisRateWindows(deps: RedisRateWindowsDeps): RateWindows {
  const { url, prefix, clock, own, log, openFor } = deps;
  const parsed = parseRedisUrl(url);
  if (parsed.kind === 'invalid') throw new ScriptoriumError('bad-request', `REDIS_URL ${parsed.problem}.`);
  const client = connect(parsed.target, clock);
  // What is wrong shows in each answer, and each has this node's own count to fall back on.
  client.on('error', () => undefined);
  const reads = spareRedis({ reads: 'limits', log, openFor });
  return {
    open: (window) => {
      const { name, points, seconds: duration, counts } = window;
      const limiter = new RateLimiterRedis({
        points,
        duration,
        storeClient: client,
        keyPrefix: `${prefix}:limit:${name}`,
        customIncrTtlLuaScript: SLIDING_WINDOW_SCRIPT,
        rejectIfRedisNotReady: true,
      });
      const isConnected = (): boolean => client.status === 'ready';
      return createSharedWindow({ limiter, reads, isConnected, own: own.open(window), counts });
    },
    close: () => {
      client.disconnect();
      own.close();
    },
  };
}

interface SharedWindowDeps {
  readonly limiter: RateLimiterRedis;
  readonly reads: SparedReads;
  readonly isConnected: () => boolean;
  readonly own: RateWindow;
  readonly counts: 'all' | 'fitting';
}

function createSharedWindow({ limiter, reads, isConnected, own, counts }: SharedWindowDeps): RateWindow {
  const takeShared = (key: string, points: number): Promise<RateTaken> =>
    limiter.consume(`${key}:${counts}`, points).then(
      (result) => toTaken(true, result),
      (result: unknown) => {
        if (!(result instanceof RateLimiterRes)) throw result;
        return toTaken(false, result);
      },
    );
  return {
    take: async (key, points) => {
      // Counted here in any case, so that the loss of Redis is no second allowance.
      const here = await own.take(key, points);
      // A connection that is not there yet says nothing about how Redis is.
      if (!isConnected()) return here;
      return reads.ask(() => takeShared(key, points)).catch(() => here);
    },
  };
}

function toTaken(allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): RateTaken {
  return { allowed, remaining: remainingPoints, resetAfter: msBeforeNext };
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
