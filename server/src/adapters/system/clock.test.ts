import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from './clock.ts';

const DAY = 86_400_000;

describe('system clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('[OPS31] a timer runs once after its delay, and not when it was cancelled', () => {
    const clock = createSystemClock();
    const ran: string[] = [];
    clock.after(100, () => ran.push('kept'));
    clock.after(100, () => ran.push('cancelled')).cancel();
    vi.advanceTimersByTime(99);
    expect(ran).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(ran).toEqual(['kept']);
  });

  it('[OPS31] a delay beyond what Node can time runs when it is due, and can be cancelled on its way', () => {
    const clock = createSystemClock();
    const ran: string[] = [];
    clock.after(60 * DAY, () => ran.push('kept'));
    const cancelled = clock.after(60 * DAY, () => ran.push('cancelled'));
    vi.advanceTimersByTime(59 * DAY);
    expect(ran).toEqual([]);
    cancelled.cancel();
    vi.advanceTimersByTime(2 * DAY);
    expect(ran).toEqual(['kept']);
  });

  it('[OPS31] what is soon runs in a later turn, or not at all when it was cancelled', async () => {
    vi.useRealTimers();
    const clock = createSystemClock();
    const ran: string[] = [];
    clock.soon(() => ran.push('cancelled')).cancel();
    await new Promise<void>((resolve) => {
      clock.soon(() => {
        ran.push('kept');
        resolve();
      });
      expect(ran).toEqual([]);
    });
    expect(ran).toEqual(['kept']);
  });
});
