import type { DocumentId } from './update-log.ts';

/** How a version came to be: given a name by somebody, made by itself, or noted before and after a restore. */
export type VersionKind = 'named' | 'automatic' | 'restored';

/** A name for a row of a document's log. */
export interface DocumentVersion {
  readonly id: string;
  readonly seq: number;
  readonly kind: VersionKind;
  /** What people call it; `null` for one that was made by itself. */
  readonly label: string | null;
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** Who made it; `null` for one that was made by itself. */
  readonly author: string | null;
}

export interface VersionPage {
  readonly versions: readonly DocumentVersion[];
  /** Opaque position of the next page, or `null` at the end. */
  readonly nextCursor: string | null;
}

/**
 * Names for rows of documents' logs. They hold no content of their own: what a version was is what the log says. They go
 * along with a renamed document and end with a deleted one. Throws `storage-unavailable`.
 */
export interface DocumentVersions {
  /** Adds a version of a live document that has the row; `null`, with nothing done, if there is none. */
  add(documentId: DocumentId, version: Omit<DocumentVersion, 'id'>): Promise<DocumentVersion | null>;
  /**
   * Adds one that is made by itself behind the newest one, which is at row `follows` (0: there is none). Of several who
   * do so at once exactly one does; false for the others.
   */
  addAutomatic(documentId: DocumentId, version: { seq: number; at: number; follows: number }): Promise<boolean>;
  /** `null` when the document does not have it. */
  read(documentId: DocumentId, id: string): Promise<DocumentVersion | null>;
  /** By row, the newest first; of one row, the one that was made last. `kind` leaves out the others. */
  list(
    documentId: DocumentId,
    page: { readonly cursor: string | null; readonly limit: number; readonly kind?: VersionKind },
  ): Promise<VersionPage>;
  /** Gives a version another name, which makes it a named one; `null` when the document does not have it. */
  relabel(documentId: DocumentId, id: string, label: string): Promise<DocumentVersion | null>;
  /** Removes the name; the row stays. False when the document does not have it. */
  remove(documentId: DocumentId, id: string): Promise<boolean>;
}
