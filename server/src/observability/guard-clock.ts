import type { Clock } from '../ports/clock.ts';

/** A clock whose timers hand what they throw to the part they belong to, which ends instead of the process. */
export function guardClock(clock: Clock, onError: (error: unknown) => void): Clock {
  const guard = (callback: () => void) => (): void => {
    try {
      callback();
    } catch (error) {
      onError(error);
    }
  };
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    random: () => clock.random(),
    after: (milliseconds, callback) => clock.after(milliseconds, guard(callback)),
    soon: (callback) => clock.soon(guard(callback)),
  };
}
