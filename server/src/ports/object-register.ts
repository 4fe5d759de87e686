import type { DocumentId } from './update-log.ts';

/**
 * Every key of the object store, from before its object is written until its object is gone, so that a crash leaves no
 * object that nobody knows. Keys are never used twice. Whatever publishes a key names it here in the same transaction;
 * a key that was taken for removal can never be named again.
 *
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface ObjectRegister {
  /** Notes a new key before its object is written; what has no name by `expiresAt` counts as garbage. */
  register(documentId: DocumentId, key: string, expiresAt: number): Promise<void>;
  /**
   * Takes keys that nothing names and that expired before `now`, the longest expired first. Each is told once, and
   * again from `retryAt` on if it was not forgotten until then: whoever took it may have died.
   */
  takeExpired(taking: {
    readonly now: number;
    readonly retryAt: number;
    readonly limit: number;
  }): Promise<readonly string[]>;
  /**
   * Keys of a document that nothing names, expired or not, those taken included: what is being written, and what nobody
   * points at any more. In order, `limit` above `after`.
   */
  listUnnamed(documentId: DocumentId, after: string, limit: number): Promise<readonly string[]>;
  /**
   * Takes a key that nothing names before its time, so that it can never be named; it is told by `takeExpired` from
   * `retryAt` on. False when it is named, or not there.
   */
  take(key: string, retryAt: number): Promise<boolean>;
  /** Drops taken keys whose objects are gone. */
  forget(keys: readonly string[]): Promise<void>;
}
