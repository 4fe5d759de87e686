import { describe, expect, it } from 'vitest';
import { shouldCompact } from './compaction-plan.ts';

const facts = { snapshotBytes: 0, tailRows: 0, tailBytes: 0, snapshotDamaged: false, idle: false, sinceLast: Infinity };

describe('compaction plan', () => {
  it('[SNAP1] a long tail of rows or bytes is folded into a snapshot', () => {
    expect(shouldCompact({ ...facts, tailRows: 999 })).toBe(false);
    expect(shouldCompact({ ...facts, tailRows: 1_000 })).toBe(true);
    expect(shouldCompact({ ...facts, tailBytes: 65_536 })).toBe(true);
    expect(shouldCompact({ ...facts, tailBytes: 65_536, snapshotBytes: 1_000_000 })).toBe(false);
    expect(shouldCompact({ ...facts, tailBytes: 500_000, snapshotBytes: 1_000_000 })).toBe(true);
  });

  it('[SNAP2] an open document is compacted at most every 30 seconds', () => {
    expect(shouldCompact({ ...facts, tailRows: 5_000, sinceLast: 29_999 })).toBe(false);
    expect(shouldCompact({ ...facts, tailRows: 5_000, sinceLast: 30_000 })).toBe(true);
  });

  it('[SNAP3] a document at rest is compacted once its tail is worth it', () => {
    expect(shouldCompact({ ...facts, idle: true, tailRows: 63 })).toBe(false);
    expect(shouldCompact({ ...facts, idle: true, tailRows: 64, sinceLast: 0 })).toBe(true);
  });

  it('[SNAP15] a damaged snapshot is replaced, though the tail is short', () => {
    expect(shouldCompact({ ...facts, snapshotDamaged: true })).toBe(true);
    expect(shouldCompact({ ...facts, snapshotDamaged: true, sinceLast: 29_999 })).toBe(false);
    expect(shouldCompact({ ...facts, snapshotDamaged: true, idle: true })).toBe(true);
  });
});
