/**
 * Immutable objects under unique keys. A key is written once and never overwritten; a write that did not return may
 * have left nothing, or the whole object, but never a part of it under its key.
 */
export interface SnapshotStore {
  /** Writes durably (object and directory entry) and atomically. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** `null` when there is no such object. */
  get(key: string): Promise<Uint8Array | null>;
  /** No error when there is none. */
  remove(key: string): Promise<void>;
}
