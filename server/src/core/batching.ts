/** Least pause between the starts of two flushes, in milliseconds: what arrives in it shares one commit. */
const FLUSH_WINDOW_MIN = 5;
/** Longest pause, in milliseconds: acknowledgement latency absorbs load up to here. */
export const FLUSH_WINDOW_MAX = 40;

/** What the last flush tells about load. */
export interface FlushFacts {
  /** Milliseconds since it began. */
  readonly sinceStart: number;
  /** Milliseconds it took. */
  readonly duration: number;
  /** Documents it had a row for. */
  readonly rows: number;
}

/**
 * Milliseconds to wait before the next flush. The first edit after a quiet time goes at once; under load the window
 * grows with the rows of a flush and follows the cost of a commit, since rows and fsyncs are what a store can run out
 * of, and a row that holds more updates costs the same.
 */
export function planFlushDelay(last: FlushFacts): number {
  const wanted = Math.max(FLUSH_WINDOW_MIN, last.rows, last.duration * 1.5);
  return Math.max(0, Math.min(FLUSH_WINDOW_MAX, wanted) - last.sinceStart);
}

/** Longest pause before a broadcast, in milliseconds. */
export const BROADCAST_WINDOW_MAX = 25;

/**
 * Milliseconds to collect updates before they go to the room's sessions: none for a handful of people, then growing
 * with the number of frames that each broadcast costs.
 */
export function planBroadcastDelay(sessions: number): number {
  return sessions <= 8 ? 0 : Math.min(BROADCAST_WINDOW_MAX, Math.ceil(sessions / 4));
}
