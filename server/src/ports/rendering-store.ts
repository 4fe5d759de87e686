import type { ContentFormat } from '@scriptorium/shared/content-formats';
import type { DocumentId } from './update-log.ts';

/** Which state of which document in which format; a rendering of one never changes. */
export interface RenderingKey {
  readonly documentId: DocumentId;
  /** When the document was made: another database may use its number for another one. */
  readonly createdAt: number;
  readonly epoch: number;
  readonly seq: number;
  readonly format: ContentFormat;
}

/**
 * Renderings that the nodes share: the newest one of each document and format. A hint and no more: it answers `null` when
 * it does not know, does not answer, or knows another state, and nobody waits long for it. Only `forget` throws.
 */
export interface RenderingStore {
  get(key: RenderingKey): Promise<Uint8Array | null>;
  put(key: RenderingKey, bytes: Uint8Array): void;
  /**
   * Removes all that is kept of a document; says how many that were. Throws `storage-unavailable` when nobody knows
   * within two seconds whether it is gone.
   */
  forget(documentId: DocumentId): Promise<number>;
  drain(milliseconds: number): Promise<void>;
}
