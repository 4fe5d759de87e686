import type { Migration } from '../migration.ts';

/** Tables made since the wall between tenants that say whose each row is. */
const WALLED = ['publications', 'outbox_events', 'webhooks', 'erasure_records'] as const;

/** The wall of the audit log's step, around what was made since. */
export const moreTenantWalls: Migration = {
  version: 10,
  name: 'more-tenant-walls',
  compatibleWith: 5,
  sql: WALLED.map(
    (table) => `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_wall on ${table}
      using ((select coalesce(current_setting('scriptorium.tenant', true), '')) in ('', tenant));`,
  ).join(''),
};
