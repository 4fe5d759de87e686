import type { CarriedRanges } from '../core/fork-carried.ts';
import type { Position } from '../core/sequence.ts';
import type { DocumentId } from '../ports/update-log.ts';
import type { CommittedState } from './committed-state.ts';
import type { CarefulMerge } from './merge-carefully.ts';
import type { MergedState } from './merged-state.ts';

/** A document as it was loaded: all of it committed. */
export interface RoomStart {
  readonly documentId: DocumentId;
  readonly position: Position;
  readonly state: MergedState;
  readonly committed: CommittedState;
  readonly bindings: ReadonlyMap<number, string>;
  readonly carried: CarriedRanges;
  /** State vector of deleted incarnations, by client; empty when there were none. */
  readonly tombstone: ReadonlyMap<number, number>;
  /** What had to be left out of a damaged document, which takes no edits then; `null` when it is whole. */
  readonly quarantine: CarefulMerge | null;
}
