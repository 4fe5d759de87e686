import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { startHousekeeping, type HouseSocket, type HouseTable } from './housekeeping.ts';

function fixture(socket: Partial<HouseSocket> & { readonly stalled?: number }, table: Partial<HouseTable>) {
  const clock = createFakeClock();
  const ended: string[] = [];
  const house: HouseSocket = {
    output: { stalledFor: () => socket.stalled ?? 0 },
    end: (code) => void ended.push(code),
  };
  const tables = new Map([[house, { entered: false, size: 0, sessions: () => [], ...table }]]);
  startHousekeeping({ clock, telemetry: createSilentTelemetry(), tables });
  return { clock, ended };
}

describe('housekeeping', () => {
  it('[SOCK80] a reader that took nothing for 30 seconds is cut off, a slower one is not', () => {
    const cut = fixture({ stalled: 30_000 }, { entered: true, size: 1 });
    cut.clock.advance(5_000);
    expect(cut.ended).toEqual(['slow-reader']);
    const slow = fixture({ stalled: 29_000 }, { entered: true, size: 1 });
    slow.clock.advance(60_000);
    expect(slow.ended).toEqual([]);
  });

  it('[SOCK81] a socket on which nobody signs in is closed within ten seconds', () => {
    const { clock, ended } = fixture({}, {});
    clock.advance(5_000);
    expect(ended).toEqual([]);
    clock.advance(5_000);
    expect(ended).toEqual(['unauthenticated']);
  });

  it('[SOCK81] a sign-in that is under way, or was once, is given its time', () => {
    for (const table of [{ size: 1 }, { entered: true }]) {
      const { clock, ended } = fixture({}, table);
      clock.advance(60_000);
      expect(ended).toEqual([]);
    }
  });
});
