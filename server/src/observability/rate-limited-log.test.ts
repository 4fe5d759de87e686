import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { LogFields, Logger } from '../ports/telemetry.ts';
import { createRateLimitedLog } from './rate-limited-log.ts';

function build(maxKeys?: number) {
  const lines: [string, LogFields | undefined][] = [];
  const silent = (): void => {};
  const log: Logger = {
    debug: silent,
    info: silent,
    error: silent,
    child: () => log,
    warn: (event, fields) => void lines.push([event, fields]),
  };
  const clock = createFakeClock();
  const limited = createRateLimitedLog({ log, clock, intervalMs: 1000, ...(maxKeys !== undefined && { maxKeys }) });
  return { lines, clock, limited };
}

test('[OPS13] one line per key and interval; the next one tells how many were left out', () => {
  const { lines, clock, limited } = build();
  for (let round = 0; round < 5; round += 1) limited.warn('10.0.0.1', 'frame.malformed', { reason: 'varint' });
  limited.warn('10.0.0.2', 'frame.malformed');
  expect(lines).toEqual([
    ['frame.malformed', { reason: 'varint' }],
    ['frame.malformed', undefined],
  ]);
  clock.advance(1000);
  limited.warn('10.0.0.1', 'frame.malformed', { reason: 'length' });
  expect(lines[2]).toEqual(['frame.malformed', { reason: 'length', suppressed: 4 }]);
  clock.advance(1000);
  limited.warn('10.0.0.1', 'frame.malformed');
  expect(lines[3]).toEqual(['frame.malformed', undefined]);
});

test('[OPS13] a flood of keys is forgotten from its oldest end', () => {
  const { lines, limited } = build(2);
  for (const key of ['a', 'b', 'c']) limited.warn(key, 'x');
  limited.warn('c', 'x');
  expect(lines).toHaveLength(3);
  limited.warn('a', 'x');
  expect(lines).toHaveLength(4);
});

test('[OPS13] a timer is never left behind', () => {
  const { clock, limited } = build();
  limited.warn('a', 'x');
  expect(clock.pendingTimers).toBe(0);
});
