import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Act } from './audit-log.ts';
import type { DocumentId } from './update-log.ts';

/** A document that anybody may read as it was at a row. */
export interface Publication {
  /** Part of its address; stays the same for a document, however often it is published. */
  readonly id: string;
  readonly documentId: DocumentId;
  readonly name: DocumentName;
  /** Rises by one each time it is published. */
  readonly edition: number;
  readonly seq: number;
  readonly at: number;
  readonly author: string;
}

export interface NewEdition {
  readonly documentId: DocumentId;
  readonly seq: number;
  readonly act: Act;
  /** The page, packed with zstd. */
  readonly content: Uint8Array;
  /** SHA-256 of the packed page, hex. */
  readonly sha256: string;
}

/** What stands at a public address. */
export type PublishedPage =
  | {
      readonly kind: 'found';
      readonly edition: number;
      readonly at: number;
      readonly content: Uint8Array;
      readonly sha256: string;
    }
  /** It was withdrawn, its document was deleted, or newer editions took its place. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'absent' };

export interface PublicationPage {
  readonly publications: readonly Publication[];
  readonly nextCursor: string | null;
}

/**
 * What was published, with the pages as they were made: a later change of document, renderer or rights changes none of
 * them. What is published and withdrawn, its row of the audit log and its event (`document.published`,
 * `document.unpublished`) are there together. Throws `storage-unavailable`.
 */
export interface Publications {
  /** Adds an edition, and gives up all but the newest `keep`; `null` when the document is not live or lacks the row. */
  publish(edition: NewEdition, keep: number): Promise<Publication | null>;
  /** Ends a publication and removes its pages; its address stays the document's. False when there was none. */
  withdraw(documentId: DocumentId, act: Act): Promise<boolean>;
  /** `null` when the document is not published. */
  read(documentId: DocumentId): Promise<Publication | null>;
  /** What is published of a tenant, by name. */
  list(tenant: Tenant, page: { readonly cursor: string | null; readonly limit: number }): Promise<PublicationPage>;
  /** A page by its address; the newest edition where none is named. */
  readPage(id: string, edition: number | null): Promise<PublishedPage>;
}
