import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { frameAddress } from './frames.ts';
import { startHousekeeping, type HouseSocket, type HouseTable } from './housekeeping.ts';
import type { Session } from './session.ts';

function fixture(socket: Partial<HouseSocket> & { readonly stalled?: number }, table: Partial<HouseTable>) {
  const clock = createFakeClock();
  const ended: string[] = [];
  const house: HouseSocket = {
    output: { stalledFor: () => socket.stalled ?? 0 },
    replies: { inFlight: 0 },
    endSlowReader: () => void ended.push('slow-reader'),
  };
  const tables = new Map([[house, { size: 0, sessions: () => [], ...table }]]);
  startHousekeeping({ clock, telemetry: createSilentTelemetry(), tables, pool: { bytes: 0 } });
  return { clock, ended };
}

describe('housekeeping', () => {
  it('[SOCK80] a reader that took nothing for 30 seconds is cut off, a slower one is not', () => {
    const cut = fixture({ stalled: 30_000 }, { size: 1 });
    cut.clock.advance(5_000);
    expect(cut.ended).toEqual(['slow-reader']);
    const slow = fixture({ stalled: 29_000 }, { size: 1 });
    slow.clock.advance(60_000);
    expect(slow.ended).toEqual([]);
  });

  it('[SOCK57] a quiet session hears something at least every 15 seconds, and no more than it needs', () => {
    const clock = createFakeClock();
    const heard: number[] = [];
    const session = {
      address: frameAddress('doc'),
      lastSentAt: 0,
      sendFrame: () => {
        session.lastSentAt = clock.monotonic();
        heard.push(session.lastSentAt);
      },
    };
    const socket: HouseSocket = {
      output: { stalledFor: () => 0 },
      replies: { inFlight: 0 },
      endSlowReader: () => undefined,
    };
    // What it uses of a session.
    const sessions = () => [session as unknown as Session];
    const tables = new Map([[socket, { size: 1, sessions }]]);
    startHousekeeping({ clock, telemetry: createSilentTelemetry(), tables, pool: { bytes: 0 } });
    clock.advance(600_000);
    const pauses = heard.map((at, index) => at - (heard[index - 1] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(9_000);
  });
});
