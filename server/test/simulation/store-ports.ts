import type { ConsumerCursors } from '../../src/ports/consumer-cursors.ts';
import type { DocumentCatalog } from '../../src/ports/document-catalog.ts';
import type { HistoryIndex } from '../../src/ports/history-index.ts';
import type { LogUpkeep } from '../../src/ports/log-upkeep.ts';
import type { ObjectRegister } from '../../src/ports/object-register.ts';
import type { RowQuarantine } from '../../src/ports/row-quarantine.ts';
import type { SnapshotIndex } from '../../src/ports/snapshot-index.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { AppendBatch, DocumentId, LogRow, UpdateLog } from '../../src/ports/update-log.ts';
import type { Immediate, MemoryTables } from '../support/memory-documents.ts';
import type { RequestDeps } from './store-requests.ts';

/** The ports that lead to stores. */
export interface StorePorts {
  readonly log: UpdateLog;
  readonly catalog: DocumentCatalog;
  readonly snapshotIndex: SnapshotIndex;
  readonly history: HistoryIndex;
  readonly register: ObjectRegister;
  readonly upkeep: LogUpkeep;
  readonly cursors: ConsumerCursors;
  readonly quarantine: RowQuarantine;
  readonly snapshots: SnapshotStore;
}

/** What all nodes share and no kill takes away. */
export interface SharedStore {
  readonly tables: MemoryTables;
  readonly ports: { readonly [Name in keyof StorePorts]: Immediate<StorePorts[Name]> };
  /** Objects by key. */
  readonly objects: Map<string, Uint8Array>;
  /** Documents whose head a transaction holds at this moment. */
  readonly held: Set<DocumentId>;
}

export interface CommittedRow {
  readonly documentId: DocumentId;
  readonly row: LogRow;
  readonly batch: AppendBatch;
  /** The room that asked for it. */
  readonly room: object | null;
}

/** Hears of what became durable, in the moment in which it did. */
export interface StoreObserver {
  onRow(row: CommittedRow): void;
  /** The document has another newest snapshot. */
  onSnapshot(documentId: DocumentId): void;
  /** A name may lead elsewhere from now on. */
  onNames(): void;
}

export type SimulatedStoreDeps = RequestDeps & {
  readonly store: SharedStore;
  readonly observer: StoreObserver;
  /** The node's room of a document. */
  readonly roomOf: (documentId: DocumentId) => object | null;
};
