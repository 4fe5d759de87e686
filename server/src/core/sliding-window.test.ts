import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_WINDOW, emptyAt, takeFromWindow, WINDOW_SLOTS, type WindowLimits } from './sliding-window.ts';

const MINUTE = { points: 100, length: 60_000, counts: 'fitting' } as const;

/** Takes at the given times, one after the other; those that were allowed. */
function play(limits: WindowLimits, asked: readonly { readonly now: number; readonly points: number }[]) {
  let window = EMPTY_WINDOW;
  return asked.filter((one) => {
    const next = takeFromWindow(window, limits, one);
    window = next.window;
    return next.taken.allowed;
  });
}

/** The most that was allowed within any stretch of time as long as the window. */
function most(limits: WindowLimits, allowed: readonly { readonly now: number; readonly points: number }[]): number {
  const from = (start: number): number =>
    allowed
      .filter(({ now }) => now >= start && now < start + limits.length)
      .reduce((sum, { points }) => sum + points, 0);
  return Math.max(0, ...allowed.map(({ now }) => from(now)));
}

describe('[REST270] a window that slides', () => {
  it('lets no burst over an edge pass: never more than its points in any stretch of its length', () => {
    const asked = fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 20_000 }), points: fc.integer({ min: 1, max: 60 }) }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(
        asked,
        fc.integer({ min: 0, max: 1e12 }),
        fc.constantFrom('all', 'fitting'),
        (gaps, start, counts) => {
          let now = start;
          const limits = { ...MINUTE, counts };
          const allowed = play(
            limits,
            gaps.map(({ gap, points }) => ({ now: (now += gap), points })),
          );
          expect(most(limits, allowed)).toBeLessThanOrEqual(limits.points);
        },
      ),
    );
  });

  it('gives points back when they lie a window back, a slot late at most', () => {
    const slot = MINUTE.length / WINDOW_SLOTS;
    const at = 7 * MINUTE.length - 1;
    const { window, taken } = takeFromWindow(EMPTY_WINDOW, MINUTE, { now: at, points: 100 });
    expect(taken).toMatchObject({ allowed: true, remaining: 0 });
    const refused = takeFromWindow(window, MINUTE, { now: at + MINUTE.length - 1, points: 1 });
    expect(refused.taken).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.taken.resetAfter).toBeLessThanOrEqual(slot);
    const later = { now: at + MINUTE.length - 1 + refused.taken.resetAfter, points: 100 };
    expect(takeFromWindow(window, MINUTE, later).taken.allowed).toBe(true);
    expect(emptyAt(window, MINUTE)).toBe(later.now);
  });

  it('says to the millisecond when what was refused will fit', () => {
    let window = EMPTY_WINDOW;
    for (const now of [0, 10_000, 20_000]) window = takeFromWindow(window, MINUTE, { now, points: 30 }).window;
    const { taken } = takeFromWindow(window, MINUTE, { now: 30_000, points: 60 });
    const fits = 30_000 + taken.resetAfter;
    for (const [now, allowed] of [
      [fits - 1, false],
      [fits, true],
    ] as const)
      expect(takeFromWindow(window, MINUTE, { now, points: 60 }).taken.allowed).toBe(allowed);
  });

  it('counts what is refused only where it was spent already', () => {
    const asked = Array.from({ length: 200 }, (_, second) => ({ now: second * 1_000, points: 10 }));
    expect(play(MINUTE, asked).length).toBeGreaterThan(25);
    expect(play({ ...MINUTE, counts: 'all' }, asked)).toHaveLength(10);
  });
});
