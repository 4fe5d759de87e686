import type { Effort } from './update-effort.ts';

/** The structs of one client in an update, in clock order. Two columns instead of an object per struct. */
export interface ClientBlock {
  readonly client: number;
  /** Clock of the first struct. */
  readonly clock: number;
  /** Clock after the last struct. */
  readonly endClock: number;
  /** Clock of each struct. */
  readonly clocks: readonly number[];
  /** Byte offset of each struct; it ends where the next one starts. */
  readonly starts: readonly number[];
  /** Byte offset after the last struct. */
  readonly end: number;
  /** Whether a Skip stands somewhere in it, a range that the sender left out. */
  readonly hasSkip: boolean;
}

/** The delete ranges of one client in clock order, flat: clock, length, clock, length, … */
export interface DeleteRanges {
  readonly client: number;
  readonly ranges: readonly number[];
}

/** What one pass over the bytes of a V1 update found. Its lists are in the order of the bytes. */
export interface ParsedUpdate {
  readonly kind: 'parsed';
  readonly bytes: Uint8Array;
  readonly blocks: readonly ClientBlock[];
  readonly deletes: readonly DeleteRanges[];
  /** Distinct names of root types that structs name as their parent. */
  readonly rootNames: readonly string[];
  /** Whether the delete ranges stand in the bytes in another order than here. */
  readonly isDeleteOrderChanged: boolean;
  /** Whether any struct makes a nested shared type. */
  readonly makesTypes: boolean;
  /** What judging it may still cost. */
  readonly effort: Effort;
}
