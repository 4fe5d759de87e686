import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention } from './retention-plan.ts';

const DAY = 86_400_000;
const NOON = 20_000 * DAY + DAY / 2;
const snapshot = (seq: number, daysAgo: number, bytes = 100) => ({ seq, at: NOON - daysAgo * DAY, bytes });

describe('retention plan', () => {
  it('[SNAP10] the newest snapshot and the one before it are kept', () => {
    const all = [snapshot(10, 40), snapshot(20, 30), snapshot(30, 20)];
    expect(planRetention(all, { now: NOON, days: 3 })).toEqual([10]);
    expect(planRetention(all.slice(0, 2), { now: NOON, days: 0 })).toEqual([]);
    expect(planRetention([], { now: NOON, days: 3 })).toEqual([]);
  });

  it('[SNAP10] of each of the last days the last snapshot is kept, whatever the order they are told in', () => {
    const all = [
      snapshot(1, 4),
      snapshot(2, 3.2),
      snapshot(3, 3),
      snapshot(4, 1.1),
      snapshot(5, 1),
      snapshot(6, 0.3),
      snapshot(7, 0.2),
      snapshot(8, 0.1),
    ];
    expect(planRetention(all, { now: NOON, days: 3 }).toSorted((one, other) => one - other)).toEqual([1, 2, 4, 6]);
    expect(planRetention(all.toReversed(), { now: NOON, days: 3 }).toSorted((one, other) => one - other)).toEqual([
      1, 2, 4, 6,
    ]);
    expect(planRetention(all, { now: NOON, days: 0 }).toSorted((one, other) => one - other)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });

  it('[SNAP10] what is kept is bounded, and carrying the plan out changes nothing that it says next', () => {
    const someSnapshots = fc.uniqueArray(fc.record({ seq: fc.nat(500), daysAgo: fc.nat(60) }), {
      selector: ({ seq }) => seq,
    });
    fc.assert(
      fc.property(someSnapshots, fc.nat(10), (ages, days) => {
        const all = ages.map(({ seq, daysAgo }) => snapshot(seq, daysAgo));
        const given = new Set(planRetention(all, { now: NOON, days }));
        const kept = all.filter(({ seq }) => !given.has(seq));
        expect(kept.length).toBeLessThanOrEqual(2 + days);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(2, all.length));
        expect(planRetention(kept, { now: NOON, days })).toEqual([]);
      }),
    );
  });

  it('[VERS3] a snapshot stays as a checkpoint when it is far enough behind the one before it', () => {
    const far = [snapshot(9_000, 40), snapshot(17_000, 40), snapshot(30_000, 40), snapshot(33_500, 40)];
    const newest = [snapshot(90_000, 0), snapshot(90_001, 0)];
    expect(planRetention([...far, ...newest], { now: NOON, days: 3 })).toEqual([30_000, 9_000]);
    // What comes later changes none of them.
    const kept = [snapshot(17_000, 40), snapshot(33_500, 40), ...newest, snapshot(90_002, 0), snapshot(95_000, 0)];
    expect(planRetention(kept, { now: NOON, days: 0 })).toEqual([90_001]);
  });

  it('[VERS3] checkpoints of a large document are further apart, so that they take little more than its log', () => {
    const large = Array.from({ length: 20 }, (_, index) => snapshot(20_000 * (index + 1), 40, 6_400_000));
    const given = planRetention(large, { now: NOON, days: 0 });
    const kept = large.map(({ seq }) => seq).filter((seq) => !given.includes(seq));
    expect(kept).toEqual([100_000, 200_000, 300_000, 380_000, 400_000]);
  });
});
