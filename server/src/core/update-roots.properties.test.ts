import { expect, it } from 'vitest';
import { runCommentWorlds } from '../../test/support/comment-world.ts';

/** Sizes of the run; a finding names the seed of its world. */
const size = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const SEED = size('GATE_SEED', 1);
const COMMENTS = size('GATE_COMMENTS', 2_000);

it(
  '[GATE31] of people who edit at the same time, every comment passes, nothing that touches content does, and no comment changes content',
  { timeout: 600_000 },
  () => {
    const report = runCommentWorlds(SEED, COMMENTS);
    expect(report.findings).toEqual([]);
    expect(report.comments).toBeGreaterThanOrEqual(COMMENTS);
    expect(report.contents).toBeGreaterThan(COMMENTS / 10);
    // The subtle cases came up.
    expect(report.emptied).toBeGreaterThan(0);
    expect(report.tidied).toBeGreaterThan(0);
  },
);
