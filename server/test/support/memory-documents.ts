import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { DocumentMetadata, DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { ConsumerScope } from '../../src/ports/consumer-cursors.ts';
import type { HistorySegment } from '../../src/ports/history-index.ts';
import type { QuarantinedRow } from '../../src/ports/row-quarantine.ts';
import type { SnapshotPointer, StoredPlace } from '../../src/ports/snapshot-pointer.ts';
import type { DocumentId, LogRow } from '../../src/ports/update-log.ts';

/** A port's methods without their promises: each call is one transaction, done when it returns. */
export type Immediate<Port> = {
  readonly [Method in keyof Port]: Port[Method] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never;
};

/** The port whose answers come in a later microtask; an error that is thrown rejects. */
export function toPort<Port extends object>(immediate: Immediate<Port>): Port {
  const methods = Object.entries<(...asked: never[]) => unknown>(immediate).map(([name, method]) => [
    name,
    async (...asked: never[]) => Promise.resolve(method(...asked)),
  ]);
  return Object.fromEntries(methods) as Port;
}

/** One document with its log. */
export interface StoredDocument {
  readonly id: DocumentId;
  readonly tenant: Tenant;
  name: DocumentName;
  epoch: number;
  head: number;
  live: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
  updatedAt: number;
  tombstone: Uint8Array | null;
  readonly rows: Map<number, LogRow>;
  readonly bindings: Map<number, string>;
  /** Sequence number of the row of each flush, by `incarnation flush`. */
  readonly flushes: Map<string, number>;
  /** The newest snapshot's place; it never goes back. */
  snapshotSeq: number;
  readonly snapshots: Map<number, SnapshotPointer>;
  archivedSeq: number;
  /** In order. */
  readonly segments: HistorySegment[];
  readonly quarantined: QuarantinedRow[];
  deletedAt: number | null;
  purgedAt: number | null;
  title: string | null;
  metadata: DocumentMetadata;
  revision: number;
}

/** What a name leads to, or led to. */
export interface StoredName {
  readonly tenant: Tenant;
  readonly name: DocumentName;
  state: 'unused' | 'live' | 'renamed' | 'deleted';
  documentId: DocumentId | null;
  /** Highest epoch of the documents that were deleted under the name. */
  epoch: number;
  tombstone: Uint8Array | null;
  changedAt: number;
}

/** A key that was registered before its object was written. */
export interface RegisteredKey {
  readonly documentId: DocumentId;
  readonly key: string;
  expiresAt: number;
  state: 'registered' | 'named' | 'taken';
}

/** All that a store in memory holds. */
export interface MemoryTables {
  readonly documents: Map<DocumentId, StoredDocument>;
  readonly names: Map<string, StoredName>;
  readonly register: Map<string, RegisteredKey>;
  readonly consumers: Map<string, ConsumerScope>;
  /** By consumer, then by document. */
  readonly cursors: Map<string, Map<DocumentId, number>>;
}

export function createMemoryTables(): MemoryTables {
  return { documents: new Map(), names: new Map(), register: new Map(), consumers: new Map(), cursors: new Map() };
}

/** The document, if it is live. */
export function liveDocument(tables: MemoryTables, documentId: DocumentId): StoredDocument | null {
  const document = tables.documents.get(documentId);
  return document?.live === true ? document : null;
}

/** Rows that are still in the log, in order. */
export function rowsInOrder(document: StoredDocument | undefined): readonly LogRow[] {
  return [...(document?.rows.values() ?? [])].toSorted((one, other) => one.seq - other.seq);
}

/** Adds a live document without a row. */
export function addDocument(
  tables: MemoryTables,
  start: Pick<StoredDocument, 'tenant' | 'name' | 'epoch' | 'createdAt' | 'createdBy' | 'tombstone'> & {
    readonly id?: DocumentId;
  },
): StoredDocument {
  const document: StoredDocument = {
    ...start,
    id: start.id ?? tables.documents.size + 1,
    head: 0,
    live: true,
    updatedAt: start.createdAt,
    rows: new Map(),
    bindings: new Map(),
    flushes: new Map(),
    snapshotSeq: 0,
    snapshots: new Map(),
    archivedSeq: 0,
    segments: [],
    quarantined: [],
    deletedAt: null,
    purgedAt: null,
    title: null,
    metadata: {},
    revision: 0,
  };
  tables.documents.set(document.id, document);
  return document;
}

/** The document as the catalog shows it. */
export function toRecord(document: StoredDocument): DocumentRecord {
  const { id, tenant, name, epoch, head, createdAt, createdBy, updatedAt, title, metadata, revision } = document;
  return { id, tenant, name, epoch, head, createdAt, createdBy, updatedAt, title, metadata, revision };
}

/** The caller may use its buffer again. A `Buffer` would only be looked at by its `slice`. */
export function copyPlace(place: StoredPlace): StoredPlace {
  return place.kind === 'inline' ? { kind: 'inline', content: new Uint8Array(place.content) } : place;
}
