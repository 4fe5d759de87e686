/** Milliseconds between which a connection that ended is to be made again. */
export interface DelayRange {
  readonly from: number;
  readonly to: number;
}

/** Where the server had no time to say: soon, and not in the same moment as everybody else. */
export const UNTOLD: DelayRange = { from: 250, to: 1_250 };
/** No server keeps people waiting for longer. */
const LONGEST = 30_000;

/** A delay within the range; `chance` is in [0, 1). */
export function chooseDelay({ from, to }: DelayRange, chance: number): number {
  const least = Math.min(LONGEST, Math.max(0, from));
  const most = Math.min(LONGEST, Math.max(least, to));
  return least + (most - least) * chance;
}
