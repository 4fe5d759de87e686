import { describe, expect, it } from 'vitest';
import { planHead, planRelay } from './sequence.ts';

const here = { epoch: 2, seq: 10 };

describe('sequence', () => {
  it.each([
    [{ epoch: 2, seq: 11 }, 'apply'],
    [{ epoch: 2, seq: 10 }, 'duplicate'],
    [{ epoch: 2, seq: 3 }, 'duplicate'],
    [{ epoch: 2, seq: 13 }, 'read-gap'],
    [{ epoch: 3, seq: 1 }, 'reload'],
    [{ epoch: 1, seq: 11 }, 'duplicate'],
  ] as const)('[ROOM1] a relayed row %j leads to %s', (row, plan) => {
    expect(planRelay(here, row)).toBe(plan);
  });

  it.each([
    [{ epoch: 2, seq: 10 }, 'level'],
    [{ epoch: 2, seq: 12 }, 'read-gap'],
    [{ epoch: 2, seq: 9 }, 'reload'],
    [{ epoch: 3, seq: 10 }, 'reload'],
  ] as const)('[ROOM2] a head %j leads to %s', (head, plan) => {
    expect(planHead(here, head)).toBe(plan);
  });
});
