import type { Timer } from '../../src/ports/clock.ts';
import type { Random } from '../support/random.ts';
import { fraction } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Puts virtual time and seeded chance in the place of the globals that browser code uses (the client's save tracker),
 * until the returned function is called. Server code has its clock port and uses none of them.
 */
export function replaceGlobals(scheduler: Scheduler, random: Random): () => void {
  const timers = new Map<number, Timer>();
  let last = 0;
  const start = (callback: () => void, delay: number, every: boolean): number => {
    last += 1;
    const id = last;
    const run = (): void => {
      timers.delete(id);
      if (every) timers.set(id, scheduler.after(delay, run));
      callback();
    };
    timers.set(id, scheduler.after(delay, run));
    return id;
  };
  const stop = (id: number | null | undefined): void => {
    timers.get(id ?? -1)?.cancel();
    timers.delete(id ?? -1);
  };
  const replacements = {
    setTimeout: (callback: () => void, delay = 0) => start(callback, delay, false),
    setInterval: (callback: () => void, delay = 0) => start(callback, delay, true),
    clearTimeout: stop,
    clearInterval: stop,
  };
  const originals = Object.fromEntries(Object.keys(replacements).map((name) => [name, Reflect.get(globalThis, name)]));
  const { now } = Date;
  const { random: realRandom } = Math;
  Object.assign(globalThis, replacements);
  Date.now = () => Math.floor(scheduler.now);
  Math.random = () => fraction(random);
  return () => {
    Object.assign(globalThis, originals);
    Date.now = now;
    Math.random = realRandom;
  };
}
