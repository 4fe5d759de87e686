/** What decides how far the rows of one document may be dropped from the log. */
export interface DropFacts {
  /** The newest snapshot holds all rows up to this one. */
  readonly snapshotSeq: number;
  /** History segments hold all rows up to this one. */
  readonly archivedSeq: number;
  /** Where each consumer that follows the document stands. */
  readonly cursors: readonly number[];
}

/**
 * The drop gate: no row above this number may be dropped. Loads start at the snapshot, history is read from segments,
 * and consumers read rows that they have not taken yet. The floor never goes back, except for a consumer that is new.
 * `adapters/sql/drop-floor.ts` says the same in SQL, for engines that drop many documents' rows at once.
 */
export function dropFloor(facts: DropFacts): number {
  return Math.min(facts.snapshotSeq, facts.archivedSeq, ...facts.cursors);
}
