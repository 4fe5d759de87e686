/** A kept snapshot, as the plan sees it. */
export interface KeptSnapshot {
  readonly seq: number;
  /** Wall-clock milliseconds of its publication. */
  readonly at: number;
  readonly bytes: number;
}

const DAY = 24 * 60 * 60 * 1_000;
/** A load that finds the newest one damaged goes back to the one before. */
const ALWAYS_KEPT = 2;
/** So many rows are merged in a tenth of a second, which a reader of the past waits for at most. */
const CHECKPOINT_ROWS = 16_384;
/** Rows for each so many bytes of a large snapshot, so that checkpoints take little more than the log itself. */
const CHECKPOINT_BYTES_PER_ROW = 64;

/**
 * Which snapshots to give up: all but the newest, the one before it, checkpoints for ever, and the last one of each day
 * (UTC) among the last `days` days on which there is one to keep, today not counted. A checkpoint is the first snapshot
 * at least 16,384 rows behind the checkpoint before it (more for a large one). Kept ones make the past cheap to read;
 * without them it is made of history segments.
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
  const checkpoints = findCheckpoints(newestFirst.toReversed());
  return newestFirst.flatMap(({ seq, at }, index) => {
    const day = Math.floor(at / DAY);
    const isLastOfDay = day >= today - limits.days && day < today && !days.has(day);
    days.add(day);
    return index < ALWAYS_KEPT || isLastOfDay || checkpoints.has(seq) ? [] : [seq];
  });
}

/** Chosen from the oldest on, so that a checkpoint stays one whatever comes behind it. */
function findCheckpoints(oldestFirst: readonly KeptSnapshot[]): ReadonlySet<number> {
  const checkpoints = new Set<number>();
  let last = 0;
  for (const { seq, bytes } of oldestFirst) {
    if (seq - last < Math.max(CHECKPOINT_ROWS, bytes / CHECKPOINT_BYTES_PER_ROW)) continue;
    checkpoints.add(seq);
    last = seq;
  }
  return checkpoints;
}
