export interface BackoffOptions {
  /** Milliseconds before the first retry. */
  readonly first: number;
  /** Ceiling in milliseconds. */
  readonly most: number;
}

/** Milliseconds before retry number `attempt` (from 0): doubling, capped, with jitter over the upper half. */
export function backoffDelay(attempt: number, options: BackoffOptions, random: number): number {
  const full = Math.min(options.most, options.first * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random;
}
