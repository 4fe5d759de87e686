import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Act } from './audit-log.ts';
import type { ClientBinding, DocumentId } from './update-log.ts';

/** A document as the catalog knows it. Times are wall-clock milliseconds. */
export interface DocumentRecord {
  readonly id: DocumentId;
  readonly tenant: Tenant;
  readonly name: DocumentName;
  readonly epoch: number;
  readonly head: number;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Time of the last committed row, or of creation. */
  readonly updatedAt: number;
  readonly title: string | null;
  readonly metadata: DocumentMetadata;
  /** Rises with each change of title or metadata. */
  readonly revision: number;
}

/** What programs note about a document: a JSON object. */
export type DocumentMetadata = Readonly<Record<string, unknown>>;

/** Title and metadata, as a new document gets them. */
export interface DocumentDescription {
  readonly title: string | null;
  readonly metadata: DocumentMetadata;
}

/** A change of the description; what is left out stays. */
export interface DescriptionChange {
  readonly title?: string | null | undefined;
  /** Entries to set; one of `null` is taken away. */
  readonly metadata?: DocumentMetadata | undefined;
}

/** What a new document begins with. */
export interface DocumentSeed extends DocumentDescription {
  /** Its first row, encoded (`core/log-row.ts`); `null` for an empty document. */
  readonly payload: Uint8Array | null;
  readonly bindings: readonly ClientBinding[];
}

/** What a name leads to. */
export type Resolution =
  /** `tombstone` is the encoded Yjs state vector of the incarnations deleted under this name, if any. */
  | { readonly kind: 'found'; readonly record: DocumentRecord; readonly tombstone: Uint8Array | null }
  /** The name was given up by a rename; `record` is the document as it is called now. */
  | { readonly kind: 'renamed'; readonly record: DocumentRecord; readonly tombstone: Uint8Array | null }
  | { readonly kind: 'deleted'; readonly deletedAt: number }
  | { readonly kind: 'absent' };

export interface ListPage {
  readonly records: readonly DocumentRecord[];
  /** Opaque position of the next page, or `null` at the end. */
  readonly nextCursor: string | null;
}

export interface ListQuery {
  readonly tenant: Tenant;
  /** Only names that start with this text; empty for all. */
  readonly prefix: string;
  readonly cursor: string | null;
  /** 1 to 100. */
  readonly limit: number;
}

/** All that a document holds at one place of its log. */
export interface LastState {
  readonly epoch: number;
  readonly seq: number;
  /** Yjs's encoding. */
  readonly stateVector: Uint8Array;
}

/** `moved`: the document's log is not where the last state stands, so nothing was done. */
export type Removal = 'removed' | 'moved' | 'absent';

/**
 * Names, incarnations, tombstones and redirects. Every call is bound to one tenant. A rename, a deletion and the row of
 * the audit log that tells of it commit together.
 * Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface DocumentCatalog {
  resolve(tenant: Tenant, name: DocumentName): Promise<Resolution>;
  /**
   * Creates a document at epoch 1 and seq 0, or one epoch above any that this name ever led to. A redirect
   * that stood at the name ends. `exists` when a live document has the name.
   */
  create(
    tenant: Tenant,
    name: DocumentName,
    user: string,
    at: number,
  ): Promise<{ kind: 'created' | 'exists'; record: DocumentRecord }>;
  /**
   * As `create`, with all that the document begins with: it is there with its first row and description, or not at all, so
   * nobody ever finds it empty and fills it a second time.
   */
  createWith(
    tenant: Tenant,
    name: DocumentName,
    by: { readonly user: string; readonly at: number; readonly seed: DocumentSeed },
  ): Promise<{ kind: 'created' | 'exists'; record: DocumentRecord }>;
  /** Ordered by name; the cursor stays valid while documents come and go. */
  list(query: ListQuery): Promise<ListPage>;
  /**
   * Renames and leaves a redirect at the old name. A new name that was used before raises the epoch (which fences
   * writers), so that (epoch, seq) never stands for two states under one name, and hands on its tombstone.
   */
  rename(
    tenant: Tenant,
    from: DocumentName,
    to: DocumentName,
    act: Act,
  ): Promise<{ kind: 'renamed'; record: DocumentRecord } | { kind: 'absent' | 'exists' }>;
  /**
   * Deletes, if epoch and head are still those of the last state: raises the epoch (which fences writers) and leaves a
   * tombstone with its state vector, merged with those of earlier incarnations (the larger clock wins); redirects to
   * the document become tombstones too. `absent` when there was no live document.
   */
  remove(tenant: Tenant, name: DocumentName, last: LastState, act: Act): Promise<Removal>;
  /**
   * Changes title and metadata; `moved` when `expected` is given and is not the revision. Neither the log nor the head
   * knows of it.
   */
  describe(
    tenant: Tenant,
    name: DocumentName,
    change: DescriptionChange,
    expected?: number,
  ): Promise<{ kind: 'described'; record: DocumentRecord } | { kind: 'absent' } | { kind: 'moved' }>;
}
