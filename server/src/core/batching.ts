/**
 * Least pause between the starts of two flushes, in milliseconds: what arrives in it shares one commit, one message to
 * other nodes and, what costs most when edits are few, one waking up of everybody on the way.
 */
export const FLUSH_WINDOW_SMALL = 40;
/** The same when a flush has many rows: who would be woken up is awake, and to wait longer saves little. */
export const FLUSH_WINDOW_MIN = 15;
const MANY_ROWS = 16;
/** Longest pause, in milliseconds: acknowledgement latency absorbs load up to here. */
export const FLUSH_WINDOW_MAX = 40;
/** Rows of a flush that are worth a millisecond more of waiting. */
const ROWS_PER_MILLISECOND = 4;

/** What the last flush tells about load. */
export interface FlushFacts {
  /** Milliseconds since it began. */
  readonly sinceStart: number;
  /** Milliseconds it took. */
  readonly duration: number;
  /** Documents it had a row for. */
  readonly rows: number;
  /** Flushes in a row, this one the last, of which some document was held by another node. */
  readonly busyRuns: number;
}

/** Milliseconds after which what another node held is tried again, doubled each time: it is held for one commit mostly. */
const BUSY_WINDOW = 4;

/**
 * Milliseconds to wait before the next flush. The first edit after a quiet time goes at once; under load the window
 * grows with the rows of a flush and follows the cost of a commit, since rows and fsyncs are what a store can run out
 * of, and a row that holds more updates costs the same.
 */
export function planFlushDelay(last: FlushFacts): number {
  const least = last.rows < MANY_ROWS ? FLUSH_WINDOW_SMALL : FLUSH_WINDOW_MIN;
  const quickest = last.busyRuns === 0 ? least : Math.min(least, BUSY_WINDOW * 2 ** (last.busyRuns - 1));
  const wanted = Math.max(quickest, last.rows / ROWS_PER_MILLISECOND, last.duration * 1.5);
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
