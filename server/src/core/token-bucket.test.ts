import { describe, expect, it } from 'vitest';
import { fullBucket, pauseFor, takeToken } from './token-bucket.ts';

const limits = { perSecond: 60, burst: 600 };

describe('token bucket', () => {
  it('[SOCK1] a burst passes, then the pause fits the sustained rate', () => {
    let bucket = fullBucket(limits, 0);
    for (let index = 0; index < 600; index += 1) bucket = takeToken(bucket, limits, 0);
    expect(pauseFor(bucket, limits)).toBe(0);
    for (let index = 0; index < 60; index += 1) bucket = takeToken(bucket, limits, 0);
    expect(pauseFor(bucket, limits)).toBe(1_000);
    bucket = takeToken(bucket, limits, 2_000);
    expect(pauseFor(bucket, limits)).toBe(0);
  });

  it('[SOCK2] an idle bucket never holds more than the burst', () => {
    const bucket = takeToken(fullBucket(limits, 0), limits, 3_600_000);
    expect(bucket.tokens).toBe(599);
  });
});
