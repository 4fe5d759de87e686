import type { Migration } from '../migration.ts';

/** Tables that say whose each row is, and are read for one tenant at a time. */
const WALLED = [
  'documents',
  'document_names',
  'grants',
  'grant_links',
  'user_revocations',
  'api_keys',
  'audit_rows',
  'audit_chains',
  'audit_exports',
] as const;

/**
 * The audit log: a chain of rows per tenant that can only grow, and lose from its beginning what lies in objects. And a
 * second wall between tenants: a transaction that names its tenant sees and writes nothing of another one, whatever its
 * statements ask for. One that names none is the writer's or upkeep's, which work for all tenants at once.
 */
export const auditLog: Migration = {
  version: 5,
  name: 'audit-log',
  // A program that knows of no audit log would make changes without their rows.
  compatibleWith: 5,
  sql: `
    create table audit_chains (
      tenant text collate "C" primary key,
      head_seq bigint not null,
      head_hash text not null,
      exported_seq bigint not null,
      pruned_seq bigint not null,
      pruned_hash text not null
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

    create table audit_rows (
      tenant text collate "C" not null,
      seq bigint not null,
      at bigint not null,
      actor text collate "C" not null,
      action text not null,
      document text collate "C",
      subject text,
      detail text not null,
      hash text not null,
      primary key (tenant, seq)
    );
    create index audit_rows_document on audit_rows (tenant, document, seq) where document is not null;
    create index audit_rows_actor on audit_rows (tenant, actor, seq);

    create function audit_rows_refuse() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
    end $$;
    create function audit_rows_delete() returns trigger language plpgsql as $$
    begin
      if old.seq > coalesce((select pruned_seq from audit_chains where tenant = old.tenant), 0) then
        raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
      end if;
      return old;
    end $$;
    create trigger audit_rows_update before update on audit_rows for each row execute function audit_rows_refuse();
    create trigger audit_rows_delete before delete on audit_rows for each row execute function audit_rows_delete();
    create trigger audit_rows_truncate before truncate on audit_rows execute function audit_rows_refuse();

    create table audit_exports (
      tenant text collate "C" not null,
      from_seq bigint not null,
      to_seq bigint not null,
      key text not null,
      sha256 text not null,
      bytes bigint not null,
      last_hash text not null,
      at bigint not null,
      primary key (tenant, from_seq)
    );

    ${WALLED.map(
      (table) => `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_wall on ${table}
      using ((select coalesce(current_setting('scriptorium.tenant', true), '')) in ('', tenant));`,
    ).join('')}
  `,
};
