import { describe, expect, it } from 'vitest';
import { beginErasure, endPass, type ErasureProgress } from './erasure-plan.ts';

const BEGUN = 1_000_000;

const pass = (more: Partial<ErasureProgress>): ErasureProgress => ({
  ...beginErasure(BEGUN),
  stage: 'documents',
  beganAt: BEGUN + 60_000,
  ...more,
});

describe('[HOOK251] the passes of an erasure', () => {
  it('begin once sessions have ended', () => {
    expect(beginErasure(BEGUN)).toMatchObject({ pass: 1, stage: 'columns', after: 0, notBefore: BEGUN + 2_000 });
  });

  it('go on at once after one that found something', () => {
    expect(endPass(pass({ found: 1 }), BEGUN, BEGUN + 70_000)).toMatchObject({
      pass: 2,
      stage: 'columns',
      found: 0,
      notBefore: BEGUN + 70_000,
    });
  });

  it('end with a clean one that began after the last write that was under way', () => {
    expect(endPass(pass({ beganAt: BEGUN + 15_000 }), BEGUN, BEGUN + 70_000)).toBe('finished');
    expect(endPass(pass({ beganAt: BEGUN + 14_999 }), BEGUN, BEGUN + 70_000)).toMatchObject({
      pass: 2,
      notBefore: BEGUN + 15_000,
    });
  });

  it('wait a minute after one that failed in places, however clean the rest was', () => {
    expect(endPass(pass({ failed: 1 }), BEGUN, BEGUN + 70_000)).toMatchObject({ notBefore: BEGUN + 130_000 });
  });
});
