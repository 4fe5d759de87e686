import type { Migration } from '../migration.ts';

/** Tables that say whose each row is. */
const WALLED = ['idempotent_requests', 'jobs'] as const;

/** What documents are called and tagged with, requests that may be repeated, and work that is done later. */
export const writesByPrograms: Migration = {
  version: 11,
  name: 'writes-by-programs',
  compatibleWith: 3,
  sql: `
    alter table documents add column title text;
    alter table documents add column metadata text;
    alter table documents add column revision bigint not null default 0;

    create table idempotent_requests (
      tenant text collate "C" not null,
      user_id text collate "C" not null,
      key text collate "C" not null,
      fingerprint text not null,
      claim text not null,
      claimed_until bigint not null,
      created_at bigint not null,
      expires_at bigint not null,
      intent bytea,
      document_id bigint,
      answer text,
      primary key (tenant, user_id, key)
    );
    create index idempotent_requests_expiry on idempotent_requests (expires_at);
    create index idempotent_requests_document on idempotent_requests (document_id) where document_id is not null;

    create table jobs (
      id text collate "C" primary key,
      tenant text collate "C" not null,
      user_id text collate "C" not null,
      kind text not null,
      identity text not null,
      created_at bigint not null,
      finished_at bigint,
      expires_at bigint not null,
      claim text,
      claimed_until bigint not null
    );
    create index jobs_open on jobs (claimed_until) where finished_at is null;
    create index jobs_expiry on jobs (expires_at);

    create table job_items (
      job_id text collate "C" not null,
      place integer not null,
      request text not null,
      intent bytea,
      document_id bigint,
      outcome text,
      primary key (job_id, place)
    );
    create index job_items_document on job_items (document_id) where document_id is not null;

    ${WALLED.map(
      (table) => `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_wall on ${table}
      using ((select coalesce(current_setting('scriptorium.tenant', true), '')) in ('', tenant));`,
    ).join('')}
  `,
};
