/** What became of points that were taken. */
export interface RateTaken {
  readonly allowed: boolean;
  /** Points left; 0 after a refusal. */
  readonly remaining: number;
  /** Milliseconds until points come back; after a refusal, until as many are there as it takes. */
  readonly resetAfter: number;
}

/**
 * Points per key in a window that slides: in no stretch of time of its length, wherever it begins, more than its points
 * are allowed. Points come back when the stretch is over, or a twentieth of it later.
 */
export interface RateWindow {
  /**
   * Takes a whole number of points of the key. Never throws: while what the nodes share does not answer, which is
   * known within a quarter of a second, each node counts for itself, and goes on from what was taken through it.
   */
  take(key: string, points: number): Promise<RateTaken>;
}

/** Makes windows that all nodes share, or that are this node's where there is only one. */
export interface RateWindows {
  /**
   * The name is part of the keys: windows of one name are one on all nodes. `fitting` counts what is allowed; `all` counts
   * what is refused too, for what was spent before it was asked about.
   */
  open(window: {
    readonly name: string;
    readonly points: number;
    readonly seconds: number;
    readonly counts: 'all' | 'fitting';
  }): RateWindow;
  close(): void;
}
