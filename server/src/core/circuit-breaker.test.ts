import { expect, test } from 'vitest';
import { CLOSED, isOpen, noteFailure } from './circuit-breaker.ts';

test('[ROOM107] a few failures close together open a circuit for a while, failures far apart never do', () => {
  const limits = { failures: 3, within: 1_000, rest: 500 };
  let circuit = CLOSED;
  for (const at of [0, 900, 1_800, 2_700]) circuit = noteFailure(circuit, limits, at);
  expect(isOpen(circuit, 2_700)).toBe(false);
  circuit = noteFailure(circuit, limits, 2_701);
  expect([isOpen(circuit, 2_701), isOpen(circuit, 3_200), isOpen(circuit, 3_201)]).toEqual([true, true, false]);
  expect(isOpen(noteFailure(circuit, limits, 3_300), 3_300)).toBe(false);
});
