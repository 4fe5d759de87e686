import type { Clock, Timer } from '../../ports/clock.ts';

/** Node takes any longer delay for one millisecond. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's own time and chance. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => Math.random(),
    soon: (callback) => {
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate) };
    },
    after: startTimer,
  };
}

function startTimer(milliseconds: number, callback: () => void): Timer {
  let timeout: NodeJS.Timeout;
  const arm = (left: number): void => {
    const step = Math.min(left, LONGEST_DELAY);
    timeout = setTimeout(() => (left > step ? arm(left - step) : callback()), step);
    timeout.unref();
  };
  arm(milliseconds);
  return { cancel: () => clearTimeout(timeout) };
}
