import type { AuditAction } from '@scriptorium/shared/audit-chain';

/** Tables of the audit log, as Kysely sees them. */
export interface AuditSchema {
  audit_chains: AuditChainsTable;
  audit_rows: AuditRowsTable;
  audit_exports: AuditExportsTable;
}

/** One row per chain, whose lock puts its entries in order. */
export interface AuditChainsTable {
  /** The tenant, or the register of chains. */
  tenant: string;
  head_seq: number;
  head_hash: string;
  exported_seq: number;
  pruned_seq: number;
  pruned_hash: string;
}

/** Never changed; triggers refuse it. */
export interface AuditRowsTable {
  tenant: string;
  seq: number;
  at: number;
  actor: string;
  action: AuditAction;
  document: string | null;
  subject: string | null;
  /** JSON, as it was hashed. */
  detail: string;
  hash: string;
}

export interface AuditExportsTable {
  tenant: string;
  from_seq: number;
  to_seq: number;
  key: string;
  sha256: string;
  bytes: number;
  last_hash: string;
  at: number;
}
