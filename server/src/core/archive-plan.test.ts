import { describe, expect, it } from 'vitest';
import { fillsSegment, planSegment } from './archive-plan.ts';
import { planUpkeep } from './upkeep-plan.ts';

const rows = (count: number, byteLength: number) =>
  Array.from({ length: count }, (_, index) => ({ seq: index + 1, payload: { byteLength } }));

describe('archive plan', () => {
  it('[SNAP13] a segment is as large as it may be, and holds one row at least', () => {
    expect(planSegment(rows(10_000, 10), false)).toBe(8_192);
    expect(planSegment(rows(100, 100_000), false)).toBe(10);
    expect(planSegment(rows(3, 5_000_000), false)).toBe(1);
    expect(planSegment(rows(1, 5_000_000), false)).toBe(1);
    expect([fillsSegment(rows(8_191, 10)), fillsSegment(rows(8_192, 10))]).toEqual([false, true]);
    expect([fillsSegment(rows(10, 100_000)), fillsSegment(rows(11, 100_000))]).toEqual([false, true]);
  });

  it('[SNAP13] few bytes wait for more, unless they have waited long enough', () => {
    expect(planSegment(rows(100, 1_000), false)).toBe(0);
    expect(planSegment(rows(100, 1_000), true)).toBe(100);
    expect(planSegment(rows(100, 3_000), false)).toBe(100);
    expect(planSegment(rows(2_048, 1), false)).toBe(2_048);
    expect(planSegment([], true)).toBe(0);
  });
});

describe('upkeep plan', () => {
  const limits = { archiveAfter: 100, rowMinAge: 200 };
  const facts = { head: 9, snapshotSeq: 5, archivedSeq: 5, oldestUnarchivedAt: 900, oldestRowAt: 900 };

  it('[SNAP14] rows that have waited long are folded, archived and dropped though nobody works on the document', () => {
    expect(planUpkeep(facts, limits, 1_000)).toEqual({ compact: false, archive: false, drop: false });
    expect(planUpkeep(facts, limits, 1_001)).toEqual({ compact: true, archive: true, drop: false });
    expect(planUpkeep(facts, limits, 1_101)).toEqual({ compact: true, archive: true, drop: true });
  });

  it('[SNAP14] rows that are folded already are archived without another snapshot', () => {
    expect(planUpkeep({ ...facts, archivedSeq: 3 }, limits, 1_050)).toMatchObject({ compact: false, archive: true });
    const all = { ...facts, snapshotSeq: 9, archivedSeq: 9, oldestUnarchivedAt: null };
    expect(planUpkeep(all, limits, 1_200)).toEqual({ compact: false, archive: false, drop: true });
    expect(planUpkeep({ ...all, oldestRowAt: null }, limits, 9_999).drop).toBe(false);
  });
});
