import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';

describe('backoff', () => {
  it('[OPS9] a retry waits twice as long each time, up to a ceiling, with jitter', () => {
    const options = { first: 100, most: 1_000 };
    expect(backoffDelay(0, options, 0)).toBe(50);
    expect(backoffDelay(0, options, 0.999)).toBeLessThan(100);
    expect(backoffDelay(2, options, 0)).toBe(200);
    expect(backoffDelay(60, options, 0.5)).toBe(750);
  });
});
