/** How much of a scenario runs: `share` on every commit, `full` with `FULL=1` when figures are wanted. */
export const FULL = process.env['FULL'] === '1';

/** Whether a missing tool is a failure instead of a loud skip. */
export const STRICT = process.env['CI'] === 'true' || FULL;

/** Picks the count for this run. */
export function pickSize(size: { readonly share: number; readonly full: number }): number {
  return FULL ? size.full : size.share;
}
