/**
 * A run of rows on its way to another thread: a history segment (`core/history-segment.ts`) as it is stored, or one made
 * of rows of the log. One buffer for thousands of rows, since each object that crosses to a thread has its price.
 */
export interface HistoryPart {
  readonly bytes: Uint8Array;
  /** Bytes once unpacked by zstd; `null` when they are not packed. */
  readonly rawBytes: number | null;
}
