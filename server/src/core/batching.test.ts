import { describe, expect, it } from 'vitest';
import {
  BROADCAST_WINDOW_MAX,
  FLUSH_WINDOW_MAX,
  FLUSH_WINDOW_MIN,
  planBroadcastDelay,
  planFlushDelay,
} from './batching.ts';

describe('batching', () => {
  it('[LOG1] the first edit after a quiet time is flushed at once', () => {
    expect(planFlushDelay({ sinceStart: 1_000, duration: 3, rows: 500 })).toBe(0);
  });

  it('[LOG2] under load the window grows with rows and with the cost of a commit, within bounds', () => {
    expect(planFlushDelay({ sinceStart: 0, duration: 2, rows: 1 })).toBe(FLUSH_WINDOW_MIN);
    expect(planFlushDelay({ sinceStart: 0, duration: 2, rows: 100 })).toBe(25);
    expect(planFlushDelay({ sinceStart: 0, duration: 20, rows: 1 })).toBe(30);
    expect(planFlushDelay({ sinceStart: 6, duration: 20, rows: 1 })).toBe(24);
    expect(planFlushDelay({ sinceStart: 0, duration: 10_000, rows: 10_000 })).toBe(FLUSH_WINDOW_MAX);
  });

  it('[ROOM3] the broadcast window is zero for few and grows to 25 ms at 100', () => {
    expect(planBroadcastDelay(2)).toBe(0);
    expect(planBroadcastDelay(40)).toBe(10);
    expect(planBroadcastDelay(100)).toBe(BROADCAST_WINDOW_MAX);
    expect(planBroadcastDelay(5_000)).toBe(BROADCAST_WINDOW_MAX);
  });
});
