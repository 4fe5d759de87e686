import { fullBucket, takeTokens, type TokenBucket } from '../core/token-bucket.ts';
import type { Clock } from '../ports/clock.ts';
import { isLoopback } from '../core/connection-limit.ts';

/** Counts refused logins and broken frames per network address: who goes on and on is not let in for a while. */
export interface AddressFailures {
  note(address: string): void;
  /** Whether the address has used up what it may get wrong. */
  blocked(address: string): boolean;
}

/** Addresses that are remembered; the one that failed longest ago is forgotten. */
const ADDRESSES = 10_000;

/** `perMinute` failures at once and per minute; loopback is exempt: it is the proxy in front. */
export function createAddressFailures(clock: Clock, perMinute: number): AddressFailures {
  const limits = { perSecond: perMinute / 60, burst: perMinute };
  const buckets = new Map<string, TokenBucket>();
  const take = (address: string, amount: number): TokenBucket => {
    const now = clock.monotonic();
    return takeTokens(buckets.get(address) ?? fullBucket(limits, now), limits, { now, amount });
  };
  return {
    note(address) {
      if (isLoopback(address)) return;
      const bucket = take(address, 1);
      // Not below none: a flood that was let through before does not count for hours.
      buckets.delete(address);
      buckets.set(address, { ...bucket, tokens: Math.max(0, bucket.tokens) });
      for (const oldest of buckets.keys()) {
        if (buckets.size <= ADDRESSES) break;
        buckets.delete(oldest);
      }
    },
    blocked: (address) => buckets.has(address) && take(address, 0).tokens < 1,
  };
}
