import { describe, expect, it } from 'vitest';
import { dropFloor } from './drop-gate.ts';

const facts = { snapshotSeq: 100, archivedSeq: 90, cursors: [95, 120] };

describe('drop gate', () => {
  it('[SNAP9] no row may be dropped that snapshot, history or a consumer still needs', () => {
    expect(dropFloor(facts)).toBe(90);
    expect(dropFloor({ ...facts, archivedSeq: 100 })).toBe(95);
    expect(dropFloor({ ...facts, archivedSeq: 100, cursors: [] })).toBe(100);
    expect(dropFloor({ ...facts, snapshotSeq: 7 })).toBe(7);
    expect(dropFloor({ ...facts, cursors: [95, 0] })).toBe(0);
    expect(dropFloor({ snapshotSeq: 0, archivedSeq: 0, cursors: [] })).toBe(0);
  });
});
