import type { Clock, Timer } from '../../src/ports/clock.ts';
import type { Random } from '../support/random.ts';
import { fraction } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * One run of a process. All that reaches it (timers, answers, messages) goes through here, so that what is dead hears
 * nothing, and what hangs hears everything later, in order.
 */
export interface Life {
  readonly name: string;
  readonly alive: boolean;
  /** Milliseconds that it was stopped in all. */
  readonly hungFor: number;
  after(delay: number, run: () => void): Timer;
  /** Stops the process for so long, as SIGSTOP does. */
  hang(milliseconds: number): void;
  /** SIGCONT. */
  goOn(): void;
  /** Ends it, as SIGKILL does. */
  end(): void;
}

export function createLife(scheduler: Scheduler, name: string): Life {
  let alive = true;
  let hungUntil = 0;
  let hungFor = 0;
  /** What came while it was stopped, in order; until it is empty, what comes has to queue behind it. */
  const held: (() => void)[] = [];
  const wake = (): void => {
    if (hungUntil > scheduler.now) {
      scheduler.after(hungUntil - scheduler.now, wake);
      return;
    }
    held.shift()?.();
    if (held.length > 0) scheduler.after(0, wake);
  };
  const receive = (run: () => void): void => {
    if (hungUntil <= scheduler.now && held.length === 0) {
      run();
      return;
    }
    held.push(run);
    if (held.length === 1) scheduler.after(hungUntil - scheduler.now, wake);
  };
  return {
    name,
    get alive() {
      return alive;
    },
    after(delay, run) {
      let cancelled = false;
      const runIfWanted = (): void => {
        if (alive && !cancelled) run();
      };
      const timer = scheduler.after(delay, () => {
        if (alive && !cancelled) receive(runIfWanted);
      });
      return {
        cancel: () => {
          cancelled = true;
          timer.cancel();
        },
      };
    },
    get hungFor() {
      return hungFor;
    },
    hang: (milliseconds) => {
      hungFor += milliseconds;
      hungUntil = Math.max(hungUntil, scheduler.now + milliseconds);
    },
    goOn: () => {
      hungUntil = 0;
      if (held.length > 0) scheduler.after(0, wake);
    },
    end: () => void (alive = false),
  };
}

/** Wall-clock time at which every run begins. */
const EPOCH = 1_764_000_000_000;

/** The clock port of one process, whose wall clock is wrong by `skew` milliseconds. */
export function createLifeClock(scheduler: Scheduler, life: Life, by: { random: Random; skew: number }): Clock {
  return {
    now: () => EPOCH + by.skew + Math.floor(scheduler.now),
    monotonic: () => scheduler.now,
    after: (milliseconds, callback) => life.after(milliseconds, callback),
    soon: (callback) => life.after(0, callback),
    random: () => fraction(by.random),
  };
}
