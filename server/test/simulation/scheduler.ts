import type { Timer } from '../../src/ports/clock.ts';

/** Virtual time: the only thing in a run that lets anything happen later. */
export interface Scheduler {
  /** Virtual milliseconds since the run began. */
  readonly now: number;
  after(delay: number, run: () => void): Timer;
  /**
   * Runs what falls due up to this time, in order of due time and then of asking. After each event all promises
   * settle before the next one: nothing in a run waits for anything real.
   */
  runUntil(time: number): Promise<void>;
}

interface Event {
  readonly due: number;
  readonly order: number;
  run: (() => void) | null;
}

/** Taken before anybody replaces it. */
const realImmediate = setImmediate;

/** @param onError takes what an event threw, which in a process would reach the top */
export function createScheduler(onError: (error: unknown) => void): Scheduler {
  const heap = new EventHeap();
  let now = 0;
  let order = 0;
  return {
    get now() {
      return now;
    },
    after(delay, run) {
      order += 1;
      const event: Event = { due: now + Math.max(0, delay), order, run };
      heap.push(event);
      return { cancel: () => void (event.run = null) };
    },
    async runUntil(time) {
      for (let event = heap.peek(); event !== undefined && event.due <= time; event = heap.peek()) {
        heap.pop();
        if (event.run === null) continue;
        now = event.due;
        try {
          event.run();
        } catch (error) {
          onError(error);
        }
        await settled();
      }
      now = time;
    },
  };
}

/** Resolves when every promise that can go on has gone on, however long the chain: microtasks run out before a turn ends. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    realImmediate(resolve);
  });
}

/** A binary heap: a run has some ten thousand events. */
class EventHeap {
  readonly #events: Event[] = [];

  peek(): Event | undefined {
    return this.#events[0];
  }

  push(event: Event): void {
    this.#events.push(event);
    let at = this.#events.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): void {
    const last = this.#events.pop();
    if (last === undefined || this.#events.length === 0) return;
    this.#events[0] = last;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < this.#events.length && this.#isBefore(left, first)) first = left;
      if (right < this.#events.length && this.#isBefore(right, first)) first = right;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#events[one], this.#events[other]];
    if (a === undefined || b === undefined) return false;
    return a.due < b.due || (a.due === b.due && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#events[one], this.#events[other]];
    if (a === undefined || b === undefined) return;
    this.#events[one] = b;
    this.#events[other] = a;
  }
}
