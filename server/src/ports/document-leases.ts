import type { DocumentId } from './update-log.ts';

/**
 * Who of several nodes works on a document for a consumer of the log. A lease is no lock that correctness hangs on: it
 * spares two nodes the same work, and it ends by itself. Times are wall-clock milliseconds of whoever asks, so nodes
 * whose clocks differ work too often, or a little late.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface DocumentLeases {
  /** Takes those of the documents that nobody else holds at `now`, up to `until`; the ones that it took. */
  claim(documentIds: readonly DocumentId[], lease: Lease): Promise<readonly DocumentId[]>;
  /** Keeps what the holder has up to another time, sooner or later; one that was lost to somebody else stays theirs. */
  keep(documentIds: readonly DocumentId[], lease: Omit<Lease, 'now'>): Promise<void>;
}

export interface Lease {
  readonly holder: string;
  readonly now: number;
  readonly until: number;
}
