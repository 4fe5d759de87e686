import { describe, expect, it } from 'vitest';
import { planDepartureSpread, planReturn } from './departure-plan.ts';

describe('departure', () => {
  it('[SOCK9] few sockets are closed at once, many over a time that leaves most of the stop for what is pending', () => {
    expect(planDepartureSpread(3, 9_500)).toBe(0);
    expect(planDepartureSpread(50, 9_500)).toBe(0);
    expect(planDepartureSpread(550, 9_500)).toBe(1_000);
    expect(planDepartureSpread(100_000, 9_500)).toBe(3_000);
    expect(planDepartureSpread(100_000, 600)).toBe(200);
  });

  it('[SOCK10] the more are sent away together, the longer the time over which they come back', () => {
    const [few, many] = [planReturn('shutting-down', 3), planReturn('shutting-down', 2_000)];
    expect(few.to).toBeLessThan(1_500);
    expect(planReturn('shutting-down', 1_000).to).toBe(3_000);
    expect(many.to).toBe(4_000);
    expect(planReturn('overloaded', 1)).toEqual({ from: 500, to: 4_000 });
  });
});
