import type { Generated } from 'kysely';
import type { AccessSchema } from './access-schema.ts';

/**
 * Tables as Kysely sees them, the same for every SQL engine. Times are wall-clock milliseconds; a flag is 0 or 1,
 * since not every engine has booleans. Each engine's migrations make them in its own dialect.
 */
export interface Schema extends AccessSchema {
  documents: DocumentsTable;
  document_names: DocumentNamesTable;
  document_heads: DocumentHeadsTable;
  document_snapshots: DocumentSnapshotsTable;
  log_rows: LogRowsTable;
  log_writers: LogWritersTable;
  client_bindings: ClientBindingsTable;
  snapshot_register: SnapshotRegisterTable;
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
  /** State vector of what was deleted under the names it has had. */
  tombstone: Uint8Array | null;
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
}

/** Where a document's newest snapshot is, and the one before it. No row: none yet. */
export interface DocumentSnapshotsTable {
  document_id: number;
  seq: number;
  key: string;
  sha256: string;
  bytes: number;
  previous_seq: number | null;
  previous_key: string | null;
  previous_sha256: string | null;
  previous_bytes: number | null;
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

/** Every snapshot key from before its object is written until its object may go. */
export interface SnapshotRegisterTable {
  key: string;
  document_id: number;
  expires_at: number;
  /** 1 while a pointer names the key. */
  named: number;
}
