import type { LogSegment } from '../core/log-row.ts';
import type { ClientBinding } from '../ports/update-log.ts';

/** What was handed to the writer and is not settled yet. */
export interface Flight {
  readonly segments: readonly LogSegment[];
  readonly updates: readonly Uint8Array[];
  /** The encoded row; `null` where there are only bindings. */
  readonly payload: Uint8Array | null;
  readonly bindings: readonly ClientBinding[];
  /** Position of the last update in it. */
  readonly upTo: number;
}
