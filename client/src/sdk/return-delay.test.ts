import { describe, expect, it } from 'vitest';
import { chooseDelay, UNTOLD } from './return-delay.ts';

describe('return', () => {
  it('[SOCK20] a lost connection is made again soon, and by everybody at another time', () => {
    expect(chooseDelay(UNTOLD, 0)).toBe(250);
    expect(chooseDelay(UNTOLD, 0.5)).toBe(750);
    expect(chooseDelay({ from: 500, to: 4_000 }, 0.999)).toBeCloseTo(3_996.5);
  });

  it('[SOCK20] a range that makes no sense is brought into bounds', () => {
    expect(chooseDelay({ from: -5, to: -1 }, 0.5)).toBe(0);
    expect(chooseDelay({ from: 2_000, to: 1_000 }, 0.5)).toBe(2_000);
    expect(chooseDelay({ from: 1e9, to: 1e12 }, 0.5)).toBe(30_000);
  });
});
