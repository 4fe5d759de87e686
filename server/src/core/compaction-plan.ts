/** What decides whether a document is compacted now. */
export interface CompactionFacts {
  /** Bytes of the newest snapshot, 0 without one. */
  readonly snapshotBytes: number;
  /** Rows and payload bytes above it. */
  readonly tailRows: number;
  readonly tailBytes: number;
  /** The newest snapshot was found to be damaged. */
  readonly snapshotDamaged: boolean;
  /** Nobody has the document open any more. */
  readonly idle: boolean;
  /** Milliseconds since this node last compacted the document; Infinity if never. */
  readonly sinceLast: number;
}

const MIN_TAIL_BYTES = 64 * 1024;
const MAX_TAIL_ROWS = 1_000;
const MIN_INTERVAL = 30_000;
/** A document at rest is compacted from this many rows on: fewer cost less to replay than a snapshot costs to write. */
const IDLE_TAIL_ROWS = 64;

/** Whether to write a snapshot: bounded write amplification (tail against snapshot) and bounded load time (rows). */
export function shouldCompact(facts: CompactionFacts): boolean {
  if (facts.idle && !facts.snapshotDamaged)
    return facts.tailRows >= IDLE_TAIL_ROWS || facts.tailBytes >= MIN_TAIL_BYTES;
  if (facts.sinceLast < MIN_INTERVAL) return false;
  if (facts.snapshotDamaged) return true;
  return facts.tailRows >= MAX_TAIL_ROWS || facts.tailBytes >= Math.max(MIN_TAIL_BYTES, facts.snapshotBytes / 2);
}
