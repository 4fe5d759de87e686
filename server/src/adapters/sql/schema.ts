import type { Generated } from 'kysely';
import type { AccessSchema } from './access-schema.ts';
import type { VersionsSchema } from './versions-schema.ts';
import type { OutboxSchema } from './outbox-schema.ts';
import type { AuditSchema } from './audit-schema.ts';
import type { ErasedSchema } from './erased-schema.ts';
import type { WritesSchema } from './writes-schema.ts';

/**
 * Tables as Kysely sees them, the same for every SQL engine. Times are wall-clock milliseconds; a flag is 0 or 1,
 * since not every engine has booleans. Each engine's migrations make them in its own dialect.
 */
export interface Schema extends AccessSchema, WritesSchema, VersionsSchema, OutboxSchema, AuditSchema, ErasedSchema {
  documents: DocumentsTable;
  document_names: DocumentNamesTable;
  document_heads: DocumentHeadsTable;
  snapshots: SnapshotsTable;
  history_segments: HistorySegmentsTable;
  log_rows: LogRowsTable;
  log_writers: LogWritersTable;
  client_bindings: ClientBindingsTable;
  object_register: ObjectRegisterTable;
  log_consumers: LogConsumersTable;
  consumer_cursors: ConsumerCursorsTable;
  quarantined_rows: QuarantinedRowsTable;
  document_leases: DocumentLeasesTable;
  search_dead_letters: SearchDeadLettersTable;
}

/** One row per incarnation; the id is never used again. */
export interface DocumentsTable {
  id: Generated<number>;
  tenant: string;
  /** What it is called now, or was when it was deleted. */
  name: string;
  created_at: number;
  created_by: string;
  deleted_at: number | null;
  /** When the rows, snapshots and segments of a deleted document were removed. */
  purged_at: number | null;
  /** State vector of what was deleted under the names it has had. */
  tombstone: Uint8Array | null;
  title: string | null;
  /** A JSON object; null for an empty one. */
  metadata: string | null;
  /** Rises when title or metadata change. */
  revision: Generated<number>;
}

/**
 * Where a name leads. `renamed` is a redirect: it points at the document, not at a name, so a chain of renames needs
 * no following. `unused` only exists inside the transaction that claims the name.
 */
export type NameState = 'unused' | 'live' | 'renamed' | 'deleted';

/** One row per name that was ever used. */
export interface DocumentNamesTable {
  tenant: string;
  name: string;
  state: NameState;
  document_id: number | null;
  /** Highest epoch of the documents that were deleted while this name led to them; 0 when none was. */
  epoch: number;
  tombstone: Uint8Array | null;
  changed_at: number;
}

/** The only table that every append updates: small rows, and no index but the key. */
export interface DocumentHeadsTable {
  document_id: number;
  epoch: number;
  head: number;
  /** 1 until the document is deleted. */
  live: number;
  /** Payload bytes above the newest snapshot. */
  tail_bytes: number;
  updated_at: number;
  /** The newest snapshot holds all rows up to this one; 0: there is none. Never goes back. */
  snapshot_seq: Generated<number>;
  /** History segments hold all rows up to this one. Never goes back. */
  archived_seq: Generated<number>;
}

/** A document's snapshots; the one at `snapshot_seq` is the newest. Bytes are either inline or under a key. */
export interface SnapshotsTable {
  document_id: number;
  seq: number;
  at: number;
  bytes: number;
  sha256: string;
  key: string | null;
  content: Uint8Array | null;
}

/** The index of a document's history segments, which follow one another without a gap. */
export interface HistorySegmentsTable {
  document_id: number;
  from_seq: number;
  to_seq: number;
  first_at: number;
  last_at: number;
  bytes: number;
  raw_bytes: number;
  sha256: string;
  key: string | null;
  content: Uint8Array | null;
}

/** The log itself. */
export interface LogRowsTable {
  document_id: number;
  seq: number;
  at: number;
  /** Which writer stored the row with which flush, so that a repeated flush finds it. */
  writer: number;
  flush: number;
  /** First 16 bytes of the payload's SHA-256. */
  sum: Uint8Array;
  payload: Uint8Array;
}

/** Incarnations of update writers, so that a row needs only a small number. */
export interface LogWritersTable {
  id: Generated<number>;
  incarnation: string;
}

export interface ClientBindingsTable {
  document_id: number;
  client: number;
  user_id: string;
}

/** What becomes of a key: written or being written, named by a snapshot or segment, taken by a sweeper. */
export const OBJECT_STATE = { registered: 0, named: 1, taken: 2 } as const;

/** Every key of the object store from before its object is written until it is gone. */
export interface ObjectRegisterTable {
  key: string;
  document_id: number;
  expires_at: number;
  /** One of `OBJECT_STATE`. */
  state: number;
}

/** Who reads the log and must not be overtaken by the drop. */
export interface LogConsumersTable {
  name: string;
  /** 1 when it follows every document, 0 when only those in which it has a cursor. */
  follows_all: number;
}

export interface ConsumerCursorsTable {
  consumer: string;
  document_id: number;
  /** The last row that the consumer has taken. */
  seq: number;
}

/** Damaged rows that were taken out of the log, as they were. */
export interface QuarantinedRowsTable {
  id: Generated<number>;
  document_id: number;
  seq: number;
  at: number;
  damage: string;
  sum: Uint8Array | null;
  payload: Uint8Array | null;
  set_aside_at: number;
}

/** Who works on a document for a consumer of the log, and until when. */
export interface DocumentLeasesTable {
  consumer: string;
  document_id: number;
  holder: string;
  until: number;
}

/** The last state of a document that the search index could not take. */
export interface SearchDeadLettersTable {
  document_id: number;
  epoch: number;
  seq: number;
  reason: string;
  at: number;
}
