import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateTaken, RateWindows } from '../../ports/rate-windows.ts';

/** Windows of one node. A key is forgotten when its window ends. */
export function createInProcessRateWindows(): RateWindows {
  return {
    open({ name, points, seconds }) {
      const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
      return { take: (key, taken) => limiter.consume(key, taken).then(toTaken(true), toTaken(false)) };
    },
    close: () => undefined,
  };
}

function toTaken(allowed: boolean) {
  return (result: unknown): RateTaken => {
    if (!(result instanceof RateLimiterRes)) throw result;
    return { allowed, remaining: result.remainingPoints, resetAfter: result.msBeforeNext };
  };
}
