import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../service.ts';

/**
 * How many are let in at the same moment: when thousands return at once, the catalog and the log see no more of them
 * than they can serve. Whoever waits is taken in turn by socket, so that one with fifty documents holds up no other, and
 * hears after a while that the server is full.
 */
export interface AdmissionQueue {
  /**
   * Does the work when its turn comes. Throws `overloaded` when that takes too long, `storage-unavailable` when the work
   * itself does; then `abandon` is given what the work came to after all.
   */
  run<T>(socket: object, work: () => Promise<T>, abandon: (result: T) => void): Promise<T>;
  /** How many wait. */
  readonly waiting: number;
}

export interface AdmissionLimits {
  readonly atOnce: number;
  /** Milliseconds that one may wait for its turn. */
  readonly patience: number;
  /** Milliseconds that one may take. */
  readonly workTime: number;
}

const DEFAULT_LIMITS: AdmissionLimits = { atOnce: 32, patience: 15_000, workTime: 15_000 };

export function createAdmissionQueue(clock: Clock, limits: AdmissionLimits = DEFAULT_LIMITS): AdmissionQueue {
  return new FairQueue(clock, limits);
}

interface Waiting {
  start(): void;
}

class FairQueue implements AdmissionQueue {
  readonly #clock: Clock;
  readonly #limits: AdmissionLimits;
  /** Who waits, by socket. A socket whose turn it was goes to the end. */
  readonly #bySocket = new Map<object, Waiting[]>();
  #running = 0;
  #waiting = 0;

  constructor(clock: Clock, limits: AdmissionLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting;
  }

  async run<T>(socket: object, work: () => Promise<T>, abandon: (result: T) => void): Promise<T> {
    if (this.#running < this.#limits.atOnce) this.#running += 1;
    else await this.#turn(socket);
    // A place is free again when the work really ended, so that what hangs is not asked for more and more.
    const done = work().finally(() => {
      this.#leave();
    });
    const outcome = await withDeadline(this.#clock, this.#limits.workTime, done);
    if (outcome.kind === 'done') return outcome.value;
    done.then(abandon, () => undefined);
    throw new ScriptoriumError('storage-unavailable', 'the document could not be opened in time');
  }

  /** Resolves, with a place taken, when it is this one's turn. */
  async #turn(socket: object): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Waiting = { start: resolve };
    const others = this.#bySocket.get(socket);
    if (others === undefined) this.#bySocket.set(socket, [waiting]);
    else others.push(waiting);
    this.#waiting += 1;
    if ((await withDeadline(this.#clock, this.#limits.patience, promise)).kind === 'done') return;
    this.#remove(socket, waiting);
    throw new ScriptoriumError('overloaded', 'too many are signing in');
  }

  #remove(socket: object, waiting: Waiting): void {
    const queue = this.#bySocket.get(socket) ?? [];
    const index = queue.indexOf(waiting);
    // Its turn may have come in the very turn of its deadline.
    if (index === -1) this.#leave();
    else {
      queue.splice(index, 1);
      this.#waiting -= 1;
    }
    if (queue.length === 0) this.#bySocket.delete(socket);
  }

  /** Gives a place to the next, or back. */
  #leave(): void {
    for (const [socket, queue] of this.#bySocket) {
      const next = queue.shift();
      this.#bySocket.delete(socket);
      if (queue.length > 0) this.#bySocket.set(socket, queue);
      if (next === undefined) continue;
      this.#waiting -= 1;
      next.start();
      return;
    }
    this.#running -= 1;
  }
}
