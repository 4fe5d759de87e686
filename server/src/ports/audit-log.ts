import type { AuditAction, AuditDetail, AuditRow } from '@scriptorium/shared/audit-chain';
import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';

/** Who makes a change, and when: what every privileged change of a store has to be told. */
export interface Act {
  /** The user, as `Identity.user` has it. */
  readonly user: string;
  /** Wall-clock milliseconds. */
  readonly at: number;
}

/** Something that is to be written down. */
export interface AuditEntry extends Act {
  readonly action: AuditAction;
  /** The document, or a pattern of names. */
  readonly document?: DocumentName | string;
  /** To whom or what it was done besides: `user:…`, `group:…`, `link:…`, `key:…`, `version:…`, `webhook:…`, `erasure:…`. */
  readonly subject?: string;
  readonly detail?: AuditDetail;
}

/** Where a chain stands. */
export interface AuditChain {
  readonly chain: string;
  readonly headSeq: number;
  readonly headHash: string;
  /** Rows up to this one are in immutable objects as well. */
  readonly exportedSeq: number;
  /** Rows up to this one are in objects only; 0 when all are here. */
  readonly prunedSeq: number;
  /** Hash of that row, from which the rows that are here go on. */
  readonly prunedHash: string;
}

/** A run of rows that lies in an object. */
export interface AuditExport {
  readonly chain: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly key: string;
  /** Of the object's bytes, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Hash of the last row in it. */
  readonly lastHash: string;
  readonly at: number;
}

export interface AuditQuery {
  readonly tenant: Tenant;
  readonly document: string | null;
  readonly actor: string | null;
  readonly cursor: string | null;
  /** 1 to 100. */
  readonly limit: number;
}

export interface AuditPage {
  readonly rows: readonly AuditRow[];
  readonly nextCursor: string | null;
}

/**
 * Who did what: one chain of rows per tenant, numbered without gaps, each with the hash of the one before in its own, so
 * that a row which was changed, taken out, put in or moved shows. Rows are never changed, and removed only from the
 * beginning, once they lie in an object; the engine itself refuses anything else. A chain of its own (`AUDIT_REGISTER`)
 * says which chains there are.
 *
 * A change of grants, keys, documents, versions, publications or webhooks writes its row in its own transaction, inside the
 * adapter: neither is ever there without the other. `append` is for what changes nothing else. Throws `storage-unavailable` when the engine does
 * not answer, and `bad-request` for a cursor that is none.
 */
export interface AuditLog {
  /** Adds rows in this order, all or none. */
  append(tenant: Tenant, entries: readonly AuditEntry[]): Promise<void>;
  /** A tenant's rows, newest first; the cursor stays valid while rows come. */
  list(query: AuditQuery): Promise<AuditPage>;
  /** The chains behind a name, by name; `null` from the beginning. */
  listChains(after: string | null, limit: number): Promise<readonly AuditChain[]>;
  /** `null` when the chain does not exist. */
  readChain(chain: string): Promise<AuditChain | null>;
  /** The rows above a number, in order, at most `limit`. */
  readRows(chain: string, afterSeq: number, limit: number): Promise<readonly AuditRow[]>;
  /** All of a chain's exports, in order. */
  listExports(chain: string): Promise<readonly AuditExport[]>;
  /**
   * Publishes an object that holds the rows from the first that was not exported, with a row that names it. False when
   * somebody else published meanwhile.
   */
  noteExport(object: AuditExport): Promise<boolean>;
  /** Removes exported rows up to a number, with a row that says so, in one transaction; how many went. */
  prune(chain: string, upToSeq: number, at: number): Promise<number>;
}
