/**
 * A key is a relative path of plain segments. None starts with a dot, which keeps it inside the store and apart from
 * what is still being written.
 */
const KEY_PATTERN = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const KEY_MAX_LENGTH = 512;

/** Whether a text may be the key of an object. */
export function isObjectKey(text: string): boolean {
  return text.length <= KEY_MAX_LENGTH && KEY_PATTERN.test(text);
}

/**
 * Immutable objects under unique keys: snapshots and history segments. A key is written once and never overwritten; a
 * write that did not return may have left nothing, or the whole object, but never a part of it under its key. Nothing
 * here relies on conditional writes, and nobody relies on the bytes: whoever reads compares a checksum.
 *
 * Throws `ScriptoriumError('storage-unavailable')`, in a bounded time, when the store does not answer or an object
 * breaks off; that is never told as an object that is missing.
 */
export interface SnapshotStore {
  /** Writes durably (object and directory entry) and atomically. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** `null` when there is no such object. */
  get(key: string): Promise<Uint8Array | null>;
  /** No error when there is none. */
  remove(key: string): Promise<void>;
}
