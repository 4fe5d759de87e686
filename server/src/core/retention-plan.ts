/** A kept snapshot, as the plan sees it. */
export interface KeptSnapshot {
  readonly seq: number;
  /** Wall-clock milliseconds of its publication. */
  readonly at: number;
}

const DAY = 24 * 60 * 60 * 1_000;
/** A load that finds the newest one damaged goes back to the one before. */
const ALWAYS_KEPT = 2;

/**
 * Which snapshots to give up: all but the newest, the one before it, and the last one of each day (UTC) among the last
 * `days` days on which there is one to keep, today not counted. Kept ones make the past cheap to read; without them it
 * is made of history segments.
 *
 * @returns their sequence numbers
 */
export function planRetention(
  snapshots: readonly KeptSnapshot[],
  limits: { readonly now: number; readonly days: number },
): readonly number[] {
  const newestFirst = snapshots.toSorted((one, other) => other.seq - one.seq);
  const today = Math.floor(limits.now / DAY);
  const days = new Set<number>();
  return newestFirst.flatMap(({ seq, at }, index) => {
    const day = Math.floor(at / DAY);
    const isLastOfDay = day >= today - limits.days && day < today && !days.has(day);
    days.add(day);
    return index < ALWAYS_KEPT || isLastOfDay ? [] : [seq];
  });
}
