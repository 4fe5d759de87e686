/** Where the bytes of a snapshot or of a history segment are. */
export type StoredPlace =
  /** In the database, beside what points at them. */
  | { readonly kind: 'inline'; readonly content: Uint8Array }
  /** In the object store. */
  | { readonly kind: 'object'; readonly key: string };

/** A verified snapshot: the document's merged state at `seq`. */
export interface SnapshotPointer {
  readonly seq: number;
  /** Wall-clock milliseconds of its publication. */
  readonly at: number;
  /** SHA-256 of the state, hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly place: StoredPlace;
}
