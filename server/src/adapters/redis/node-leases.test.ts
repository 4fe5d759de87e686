import { describe, expect, it } from 'vitest';
import { createNodeLeases } from './node-leases.ts';

function createLeases() {
  const gone: string[] = [];
  const leases = createNodeLeases({ lease: 3, onHandlerError: (error) => gone.push(String(error)) });
  leases.onGone((node) => gone.push(node));
  return { leases, gone };
}

describe('[ROOM37] leases of nodes', () => {
  it('a node that is silent for its lease is gone once; one that speaks stays', () => {
    const { leases, gone } = createLeases();
    leases.hear('silent');
    for (let beat = 0; beat < 10; beat += 1) {
      leases.hear('lively');
      leases.beat();
      expect(gone).toEqual(beat < 3 ? [] : ['silent']);
    }
    expect(leases.size).toBe(1);
    expect(leases.hear('silent')).toBe(true);
    for (let beat = 0; beat < 4; beat += 1) leases.beat();
    expect(gone.toSorted()).toEqual(['lively', 'silent', 'silent']);
  });

  it('a node that said goodbye is gone at once, and what was sent before is not taken for life', () => {
    const { leases, gone } = createLeases();
    leases.hear('a');
    leases.farewell('a');
    leases.farewell('a');
    expect([gone, leases.hear('a'), leases.size]).toEqual([['a'], false, 0]);
    for (let other = 0; other < 2_000; other += 1) leases.farewell(`n${other}`);
    expect(leases.hear('a')).toBe(true);
  });

  it('a handler that throws takes nothing from the others', () => {
    const { leases, gone } = createLeases();
    const forget = leases.onGone(() => {
      throw new Error('handler');
    });
    leases.onGone((node) => gone.push(`also ${node}`));
    leases.farewell('a');
    forget();
    leases.farewell('b');
    expect(gone).toEqual(['a', 'Error: handler', 'also a', 'b', 'also b']);
  });
});
