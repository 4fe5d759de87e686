import { backoffDelay } from '../core/backoff.ts';
import type { Clock, Timer } from '../ports/clock.ts';

const RESYNC = { first: 1_000, most: 60_000 } as const;

/**
 * Whether a session's client sent something that refers to what the server lacks. While it did, the client is asked for
 * what is missing: at once, then with growing pauses, whether it sends anything meanwhile or not, and never in a loop.
 */
export interface SessionGap {
  /** Begins to ask, unless it does already. */
  open(clock: Clock, ask: () => void): void;
  /** All is there; the next gap is asked for at once again. */
  close(): void;
}

export function createSessionGap(): SessionGap {
  return new AskedGap();
}

class AskedGap implements SessionGap {
  #timer: Timer | null = null;

  open(clock: Clock, ask: () => void): void {
    if (this.#timer !== null) return;
    let attempts = 0;
    const run = (): void => {
      this.#timer = clock.after(backoffDelay(attempts, RESYNC, clock.random()), run);
      attempts += 1;
      ask();
    };
    this.#timer = clock.after(0, run);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
