import type { Migration } from '../migration.ts';

/** What documents are called and tagged with, requests that may be repeated, and work that is done later. */
export const writesByPrograms: Migration = {
  version: 11,
  sql: `
    alter table documents add column title text;
    alter table documents add column metadata text;
    alter table documents add column revision integer not null default 0;

    create table idempotent_requests (
      tenant text not null,
      user_id text not null,
      key text not null,
      fingerprint text not null,
      claim text not null,
      claimed_until integer not null,
      created_at integer not null,
      expires_at integer not null,
      intent blob,
      document_id integer,
      answer text,
      primary key (tenant, user_id, key)
    ) strict, without rowid;
    create index idempotent_requests_expiry on idempotent_requests (expires_at);
    create index idempotent_requests_document on idempotent_requests (document_id) where document_id is not null;

    create table jobs (
      id text primary key,
      tenant text not null,
      user_id text not null,
      kind text not null,
      identity text not null,
      created_at integer not null,
      finished_at integer,
      expires_at integer not null,
      claim text,
      claimed_until integer not null
    ) strict, without rowid;
    create index jobs_open on jobs (claimed_until) where finished_at is null;
    create index jobs_expiry on jobs (expires_at);

    create table job_items (
      job_id text not null,
      place integer not null,
      request text not null,
      intent blob,
      document_id integer,
      outcome text,
      primary key (job_id, place)
    ) strict, without rowid;
    create index job_items_document on job_items (document_id) where document_id is not null;
  `,
};
