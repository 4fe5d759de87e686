import type { Act } from './audit-log.ts';
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

/** A version that somebody makes, under an id of their own. */
export interface NewVersion {
  /** A UUID; a second version under it is the first one. */
  readonly id: string;
  readonly seq: number;
  readonly label: string;
}

export interface VersionPage {
  readonly versions: readonly DocumentVersion[];
  /** Opaque position of the next page, or `null` at the end. */
  readonly nextCursor: string | null;
}

/**
 * Names for rows of documents' logs. They hold no content of their own: what a version was is what the log says. They go
 * along with a renamed document and end with a deleted one. A new one and its event `version.created` are there together, and
 * so are what somebody did and its row of the audit log. Throws `storage-unavailable`.
 */
export interface DocumentVersions {
  /**
   * Names a row of a live document; `null`, with nothing done, if it is not there. Under an id that the document has
   * already nothing is done either, and the version that has it is the answer.
   */
  add(documentId: DocumentId, version: NewVersion, act: Act): Promise<DocumentVersion | null>;
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
  relabel(
    documentId: DocumentId,
    id: string,
    change: { readonly label: string; readonly act: Act },
  ): Promise<DocumentVersion | null>;
  /** Removes the name; the row stays. False when the document does not have it. */
  remove(documentId: DocumentId, id: string, act: Act): Promise<boolean>;
}
