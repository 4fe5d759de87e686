import { describe, expect, it } from 'vitest';
import {
  BROADCAST_WINDOW_MAX,
  FLUSH_WINDOW_MAX,
  FLUSH_WINDOW_MIN,
  FLUSH_WINDOW_SMALL,
  planBroadcastDelay,
  planFlushDelay,
} from './batching.ts';

describe('batching', () => {
  it('[LOG1] the first edit after a quiet time is flushed at once', () => {
    expect(planFlushDelay({ sinceStart: 1_000, duration: 3, rows: 500, busyRuns: 0 })).toBe(0);
  });

  it('[LOG2] under load the window grows with rows and with the cost of a commit, within bounds', () => {
    expect(planFlushDelay({ sinceStart: 0, duration: 2, rows: 1, busyRuns: 0 })).toBe(FLUSH_WINDOW_SMALL);
    expect(planFlushDelay({ sinceStart: 0, duration: 2, rows: 40, busyRuns: 0 })).toBe(FLUSH_WINDOW_MIN);
    expect(planFlushDelay({ sinceStart: 0, duration: 2, rows: 100, busyRuns: 0 })).toBe(25);
    expect(planFlushDelay({ sinceStart: 0, duration: 24, rows: 40, busyRuns: 0 })).toBe(36);
    expect(planFlushDelay({ sinceStart: 6, duration: 24, rows: 40, busyRuns: 0 })).toBe(30);
    expect(planFlushDelay({ sinceStart: 0, duration: 10_000, rows: 10_000, busyRuns: 0 })).toBe(FLUSH_WINDOW_MAX);
  });

  it('[LOG2] what another node held comes again soon, and less and less so', () => {
    const delays = [1, 2, 3, 4, 50].map((busyRuns) =>
      planFlushDelay({ sinceStart: 0, duration: 1, rows: 1, busyRuns }),
    );
    expect(delays).toEqual([4, 8, 16, 32, FLUSH_WINDOW_SMALL]);
  });

  it('[ROOM3] the broadcast window is zero for few and grows to 25 ms at 100', () => {
    expect(planBroadcastDelay(2)).toBe(0);
    expect(planBroadcastDelay(40)).toBe(10);
    expect(planBroadcastDelay(100)).toBe(BROADCAST_WINDOW_MAX);
    expect(planBroadcastDelay(5_000)).toBe(BROADCAST_WINDOW_MAX);
  });
});
