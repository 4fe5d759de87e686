/** What is known of a document's rows when a worker passes by. */
export interface UpkeepFacts {
  readonly head: number;
  readonly snapshotSeq: number;
  readonly archivedSeq: number;
  /** Wall-clock milliseconds of the first row in no segment, and of the first row still in the log; `null`: none. */
  readonly oldestUnarchivedAt: number | null;
  readonly oldestRowAt: number | null;
}

export interface UpkeepLimits {
  /** Milliseconds that rows may wait for more before they are archived all the same. */
  readonly archiveAfter: number;
  /** Milliseconds that a row stays in the log at least: a flush that is tried again looks for its row. */
  readonly rowMinAge: number;
}

/** What to do about a document, in this order. */
export interface UpkeepPlan {
  /** Fold the tail into a snapshot, since only folded rows are archived. */
  readonly compact: boolean;
  readonly archive: boolean;
  readonly drop: boolean;
}

/** Plans what a document that nobody works on needs, so that no row stays in the log for ever. */
export function planUpkeep(facts: UpkeepFacts, limits: UpkeepLimits, now: number): UpkeepPlan {
  const isOlder = (at: number | null, age: number): boolean => at !== null && at < now - age;
  const archive = isOlder(facts.oldestUnarchivedAt, limits.archiveAfter);
  return {
    compact: archive && facts.archivedSeq >= facts.snapshotSeq && facts.snapshotSeq < facts.head,
    archive,
    drop: isOlder(facts.oldestRowAt, limits.rowMinAge),
  };
}
