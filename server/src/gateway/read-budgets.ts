import { fullBucket, pauseFor, takeTokens, type BucketLimits, type TokenBucket } from '../core/token-bucket.ts';
import type { Clock } from '../ports/clock.ts';

/** What a frame is charged to: its bytes, and an update or all that is none (presence, stateless messages, tokens, pings, what is dropped). */
export type Charge = 'updates' | 'signals' | 'bytes';

/** What a connection may send of updates and of bytes. */
export interface ReadRates {
  readonly updates: BucketLimits;
  readonly bytes: BucketLimits;
}

/** How many frames a socket may send for each update that it may: cursors move more often than people type. */
const SIGNALS_PER_UPDATE = 2;

/** What one socket may send. Over a budget it is not read for a while, which the peer's own buffers make it feel. */
export class ReadBudgets {
  readonly #clock: Clock;
  readonly #limits: Readonly<Record<Charge, BucketLimits>>;
  readonly #buckets: Record<Charge, TokenBucket>;

  constructor(clock: Clock, { updates, bytes }: ReadRates) {
    this.#clock = clock;
    const { perSecond, burst } = updates;
    const signals = { perSecond: perSecond * SIGNALS_PER_UPDATE, burst: burst * SIGNALS_PER_UPDATE };
    this.#limits = { updates, signals, bytes };
    const now = clock.monotonic();
    this.#buckets = {
      updates: fullBucket(updates, now),
      signals: fullBucket(signals, now),
      bytes: fullBucket(bytes, now),
    };
  }

  /** Takes from a budget; returns for how many milliseconds to read nothing, 0 when it holds something still. */
  spend(charge: Charge, amount: number): number {
    const limits = this.#limits[charge];
    const bucket = takeTokens(this.#buckets[charge], limits, { now: this.#clock.monotonic(), amount });
    this.#buckets[charge] = bucket;
    return pauseFor(bucket, limits);
  }
}
