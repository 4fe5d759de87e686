import { describe, expect, it } from 'vitest';
import { fullBucket, pauseFor, takeTokens } from './token-bucket.ts';

const limits = { perSecond: 60, burst: 600 };

describe('token bucket', () => {
  it('[SOCK1] a burst passes, then the pause fits the sustained rate', () => {
    let bucket = fullBucket(limits, 0);
    for (let index = 0; index < 600; index += 1) bucket = takeTokens(bucket, limits, { now: 0, amount: 1 });
    expect(pauseFor(bucket, limits)).toBe(0);
    for (let index = 0; index < 60; index += 1) bucket = takeTokens(bucket, limits, { now: 0, amount: 1 });
    expect(pauseFor(bucket, limits)).toBe(1_000);
    bucket = takeTokens(bucket, limits, { now: 2_000, amount: 1 });
    expect(pauseFor(bucket, limits)).toBe(0);
  });

  it('[SOCK2] an idle bucket never holds more than the burst', () => {
    const bucket = takeTokens(fullBucket(limits, 0), limits, { now: 3_600_000, amount: 1 });
    expect(bucket.tokens).toBe(599);
  });
});
