import { describe, expect, it } from 'vitest';
import { BROADCAST_WINDOW_MAX, FLUSH_WINDOW_MAX, planBroadcastDelay, planFlushDelay } from './batching.ts';

describe('batching', () => {
  it('[LOG1] the first edit after a quiet time is flushed at once', () => {
    expect(planFlushDelay(1_000, 3)).toBe(0);
  });

  it('[LOG2] under load the window follows the cost of a commit, within bounds', () => {
    expect(planFlushDelay(0, 2)).toBe(4);
    expect(planFlushDelay(0, 10)).toBe(15);
    expect(planFlushDelay(0, 10_000)).toBe(FLUSH_WINDOW_MAX);
    expect(planFlushDelay(6, 10)).toBe(9);
  });

  it('[ROOM3] the broadcast window is zero for few and grows to 25 ms at 100', () => {
    expect(planBroadcastDelay(2)).toBe(0);
    expect(planBroadcastDelay(40)).toBe(10);
    expect(planBroadcastDelay(100)).toBe(BROADCAST_WINDOW_MAX);
    expect(planBroadcastDelay(5_000)).toBe(BROADCAST_WINDOW_MAX);
  });
});
