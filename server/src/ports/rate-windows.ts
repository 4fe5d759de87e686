/** What became of points that were taken. */
export interface RateTaken {
  readonly allowed: boolean;
  /** Points left in the window; 0 when it is used up. */
  readonly remaining: number;
  /** Milliseconds until the window ends and all points are there again. */
  readonly resetAfter: number;
}

/**
 * Points per key in windows of a fixed length that begin with the first taking. Points beyond the limit count too, so
 * who goes on asking is not let through before the window ends.
 */
export interface RateWindow {
  /**
   * Takes a whole number of points of the key. Never throws: while what the nodes share does not answer, which is
   * known within a quarter of a second, each node counts for itself.
   */
  take(key: string, points: number): Promise<RateTaken>;
}

/** Makes windows that all nodes share, or that are this node's where there is only one. */
export interface RateWindows {
  /** The name is part of the keys: windows of one name are one on all nodes. */
  open(window: { readonly name: string; readonly points: number; readonly seconds: number }): RateWindow;
  close(): void;
}
