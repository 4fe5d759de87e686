import type { Clock, Timer } from '../../src/ports/clock.ts';

/** A clock that stands still until a test moves it, with chance from a seed. */
export interface FakeClock extends Clock {
  /** Moves time on and runs what falls due, in order of due time; a timer set meanwhile runs too if it falls due. */
  advance(milliseconds: number): void;
  /** Runs what was asked for with `soon` up to now; what those callbacks ask for waits for the next call. */
  runSoon(): void;
  /** Lets promises and `soon` callbacks run, in turns, until no `soon` callback is left. Moves no time. */
  settle(): Promise<void>;
  /** Timers that wait for time to pass. */
  readonly pendingTimers: number;
}

interface PendingTimer {
  readonly due: number;
  readonly callback: () => void;
}

interface PendingSoon {
  readonly callback: () => void;
  cancelled: boolean;
}

/** How many microtask turns one round of `settle` gives to chains of promises. */
const TURNS = 20;

/** Makes a manual clock; `now` is its wall clock at the start, `seed` decides what `random` returns. */
export function createFakeClock(options: { readonly now?: number; readonly seed?: number } = {}): FakeClock {
  const start = options.now ?? 1_700_000_000_000;
  const random = createRandom(options.seed ?? 1);
  const timers = new Set<PendingTimer>();
  let soon: PendingSoon[] = [];
  let elapsed = 0;

  const nextDue = (until: number): PendingTimer | null => {
    let next: PendingTimer | null = null;
    // Sets keep the order of insertion, so of two timers due together the one set first runs first.
    for (const timer of timers) if (timer.due <= until && (next === null || timer.due < next.due)) next = timer;
    return next;
  };
  const runSoon = (): void => {
    const batch = soon;
    soon = [];
    for (const pending of batch) if (!pending.cancelled) pending.callback();
  };
  const clock: FakeClock = {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    random,
    after: (milliseconds, callback) => {
      const timer = { due: elapsed + Math.max(0, milliseconds), callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    soon: (callback): Timer => {
      const pending = { callback, cancelled: false };
      soon.push(pending);
      return { cancel: () => void (pending.cancelled = true) };
    },
    advance: (milliseconds) => {
      const until = elapsed + milliseconds;
      for (let timer = nextDue(until); timer !== null; timer = nextDue(until)) {
        elapsed = Math.max(elapsed, timer.due);
        timers.delete(timer);
        timer.callback();
      }
      elapsed = until;
    },
    runSoon,
    settle: async () => {
      do {
        runSoon();
        for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
      } while (soon.length > 0);
    },
    get pendingTimers() {
      return timers.size;
    },
  };
  return clock;
}

/** Numbers in [0, 1) from a seed (the generator known as mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
