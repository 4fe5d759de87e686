import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { watchLogin } from './login-deadline.ts';

function fixture() {
  const clock = createFakeClock();
  const ended: string[] = [];
  const table = { entered: false, size: 0 };
  const stop = watchLogin(clock, 10_000, { socket: { end: (code) => void ended.push(code) }, table });
  return { clock, ended, table, stop };
}

describe('[SOCK81] the time to sign in', () => {
  it('a socket on which nobody signs in is closed after it, and not before', () => {
    const { clock, ended } = fixture();
    clock.advance(9_999);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual(['unauthenticated']);
  });

  it('a sign-in that is under way is given its time, and one that fails ends the wait', () => {
    const { clock, ended, table } = fixture();
    table.size = 1;
    clock.advance(15_000);
    expect(ended).toEqual([]);
    table.size = 0;
    clock.advance(1_000);
    expect(ended).toEqual(['unauthenticated']);
  });

  it('who was let in, or has gone, is not watched any more', () => {
    const inside = fixture();
    inside.table.entered = true;
    inside.clock.advance(60_000);
    expect(inside.ended).toEqual([]);
    const gone = fixture();
    gone.stop();
    expect(gone.clock.pendingTimers).toBe(0);
  });
});
