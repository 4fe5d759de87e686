import {
  EMPTY_WINDOW,
  emptyAt,
  type SlidingWindow,
  takeFromWindow,
  type WindowLimits,
} from '../core/sliding-window.ts';
import type { Clock } from '../ports/clock.ts';
import type { RateTaken, RateWindow, RateWindows } from '../ports/rate-windows.ts';

/** Windows of one node. A key is forgotten when nothing of it counts any more. */
export function createNodeRateWindows({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): RateWindows {
  return {
    open: ({ points, seconds, counts }) => new NodeWindow({ points, length: seconds * 1_000, counts }, clock),
    close: () => undefined,
  };
}

class NodeWindow implements RateWindow {
  readonly #limits: WindowLimits;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** In the order of their last taking, which is the order in which they are over. */
  readonly #windows = new Map<string, SlidingWindow>();

  constructor(limits: WindowLimits, clock: Pick<Clock, 'monotonic'>) {
    this.#limits = limits;
    this.#clock = clock;
  }

  take(key: string, points: number): Promise<RateTaken> {
    const now = this.#clock.monotonic();
    this.#forget(now);
    const { window, taken } = takeFromWindow(this.#windows.get(key) ?? EMPTY_WINDOW, this.#limits, { now, points });
    this.#windows.delete(key);
    if (window.slots.length > 0) this.#windows.set(key, window);
    return Promise.resolve(taken);
  }

  #forget(now: number): void {
    for (const [key, window] of this.#windows) {
      if (emptyAt(window, this.#limits) > now) return;
      this.#windows.delete(key);
    }
  }
}
