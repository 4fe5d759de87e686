import { fullBucket, pauseFor, takeTokens, type TokenBucket } from '../core/token-bucket.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Sends one answer, and has `taken` called when the peer's side of the network has taken all of it. Returns what it
 * cost in bytes, or `null` when there was nothing to send after all.
 */
export type Answer = (taken: () => void) => number | null;

/**
 * The answers to a socket's SyncStep1s, which may be as large as its documents: one at a time, each begun when the one
 * before it was taken, and no more bytes for long than the budget gives. So a client that asks and asks, and reads
 * nothing, costs one answer.
 */
export interface ReplyTurns {
  request(answer: Answer): void;
  /** Bytes of the answer that the peer has not taken yet. */
  readonly inFlight: number;
  /** Whether an answer is being given right now: what is sent now was asked for. */
  readonly answering: boolean;
}

/** Bytes of answers: enough at once to open a few large documents. */
const BUDGET = { perSecond: 4 * 1024 * 1024, burst: 64 * 1024 * 1024 } as const;

export function createReplyTurns(clock: Clock): ReplyTurns {
  return new SocketReplies(clock);
}

class SocketReplies implements ReplyTurns {
  readonly #clock: Clock;
  readonly #waiting: Answer[] = [];
  #bucket: TokenBucket;
  #busy = false;
  #inFlight = 0;
  answering = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bucket = fullBucket(BUDGET, clock.monotonic());
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  request(answer: Answer): void {
    this.#waiting.push(answer);
    this.#next();
  }

  #next(): void {
    while (!this.#busy) {
      const answer = this.#waiting.shift();
      if (answer === undefined) return;
      this.#give(answer);
    }
  }

  #give(answer: Answer): void {
    this.#busy = true;
    let taken = false;
    const cost = this.#run(answer, () => {
      taken = true;
      this.#inFlight = 0;
      this.#rest();
    });
    if (cost === null) {
      this.#busy = false;
      return;
    }
    this.#bucket = takeTokens(this.#bucket, BUDGET, { now: this.#clock.monotonic(), amount: cost });
    if (!taken) this.#inFlight = cost;
  }

  #run(answer: Answer, taken: () => void): number | null {
    this.answering = true;
    try {
      return answer(taken);
    } catch (error) {
      this.#busy = false;
      throw error;
    } finally {
      this.answering = false;
    }
  }

  /** Goes on when the budget is level. */
  #rest(): void {
    const pause = pauseFor(takeTokens(this.#bucket, BUDGET, { now: this.#clock.monotonic(), amount: 0 }), BUDGET);
    const go = (): void => {
      this.#busy = false;
      this.#next();
    };
    if (pause === 0) go();
    else this.#clock.after(pause, go);
  }
}
