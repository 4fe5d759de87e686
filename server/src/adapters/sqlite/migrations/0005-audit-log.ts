import type { Migration } from '../migration.ts';

/** The audit log: a chain of rows per tenant that can only grow, and lose from its beginning what lies in objects. */
export const auditLog: Migration = {
  version: 5,
  sql: `
    create table audit_chains (
      tenant text primary key,
      head_seq integer not null,
      head_hash text not null,
      exported_seq integer not null,
      pruned_seq integer not null,
      pruned_hash text not null
    ) strict, without rowid;

    create table audit_rows (
      tenant text not null,
      seq integer not null,
      at integer not null,
      actor text not null,
      action text not null,
      document text,
      subject text,
      detail text not null,
      hash text not null,
      primary key (tenant, seq)
    ) strict, without rowid;
    create index audit_rows_document on audit_rows (tenant, document, seq) where document is not null;
    create index audit_rows_actor on audit_rows (tenant, actor, seq);

    create trigger audit_rows_update before update on audit_rows begin
      select raise(abort, 'the audit log is append-only');
    end;
    create trigger audit_rows_delete before delete on audit_rows
    when old.seq > coalesce((select pruned_seq from audit_chains where tenant = old.tenant), 0) begin
      select raise(abort, 'the audit log is append-only');
    end;

    create table audit_exports (
      tenant text not null,
      from_seq integer not null,
      to_seq integer not null,
      key text not null,
      sha256 text not null,
      bytes integer not null,
      last_hash text not null,
      at integer not null,
      primary key (tenant, from_seq)
    ) strict, without rowid;
  `,
};
