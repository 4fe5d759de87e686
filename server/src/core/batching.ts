/** Least pause between two flushes, in milliseconds: what arrives in it shares one commit. */
export const FLUSH_WINDOW_MIN = 4;
/** Longest pause between two flushes, in milliseconds: acknowledgement latency absorbs load up to here. */
export const FLUSH_WINDOW_MAX = 40;

/**
 * Milliseconds to wait before the next flush. The first edit after a quiet time goes at once; under load the window
 * follows the cost of a commit, since rows and fsyncs are what a store can run out of.
 *
 * @param sinceLastStart milliseconds since the last flush began
 * @param lastDuration milliseconds that the last flush took
 */
export function planFlushDelay(sinceLastStart: number, lastDuration: number): number {
  const window = Math.min(FLUSH_WINDOW_MAX, Math.max(FLUSH_WINDOW_MIN, lastDuration * 1.5));
  return Math.max(0, window - sinceLastStart);
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
