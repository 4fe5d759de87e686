/** A budget that refills with time: `burst` at most, `perSecond` regained. */
export interface TokenBucket {
  readonly tokens: number;
  /** Monotonic milliseconds of the last refill. */
  readonly at: number;
}

export interface BucketLimits {
  readonly perSecond: number;
  readonly burst: number;
}

/** A full bucket. */
export function fullBucket(limits: BucketLimits, now: number): TokenBucket {
  return { tokens: limits.burst, at: now };
}

/** Takes tokens; the bucket may go below zero by what arrived in one read, and `pauseFor` tells how long to read nothing. */
export function takeTokens(
  bucket: TokenBucket,
  limits: BucketLimits,
  taken: { readonly now: number; readonly amount: number },
): TokenBucket {
  const { now, amount } = taken;
  const refilled = Math.min(limits.burst, bucket.tokens + ((now - bucket.at) / 1_000) * limits.perSecond);
  return { tokens: refilled - amount, at: now };
}

/** Milliseconds until the bucket is level again; 0 when it holds something. */
export function pauseFor(bucket: TokenBucket, limits: BucketLimits): number {
  return bucket.tokens >= 0 ? 0 : Math.ceil((-bucket.tokens / limits.perSecond) * 1_000);
}
