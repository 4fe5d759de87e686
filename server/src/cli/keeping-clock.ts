import { createSystemClock } from '../adapters/system/clock.ts';
import type { Clock } from '../ports/clock.ts';

/** Timers that keep the process: those of the system clock let a command end that has nothing else to wait for. */
export function createKeepingClock(): Pick<Clock, 'after' | 'random'> {
  const { random } = createSystemClock();
  return {
    random,
    after: (milliseconds, callback) => {
      // oxlint-disable-next-line no-restricted-globals -- see above
      const timer = setTimeout(callback, milliseconds);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** Waits, and keeps the process meanwhile. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    createKeepingClock().after(milliseconds, resolve);
  });
}
