import type { Migration } from '../migration.ts';

/**
 * What happened to documents, numbered per document like the log itself, and what of it is owed to whom: an event, its
 * deliveries and the lanes they wait in are written by the transaction of the change that they tell of.
 */
export const outboxAndWebhooks: Migration = {
  version: 8,
  sql: `
    create table outbox_documents (
      document_id integer primary key,
      last_number integer not null,
      announced_seq integer not null
    ) strict;

    create table outbox_events (
      document_id integer not null,
      number integer not null,
      tenant text not null,
      name text not null,
      type text not null,
      at integer not null,
      user_id text,
      facts text not null,
      primary key (document_id, number)
    ) strict;
    create index outbox_events_at on outbox_events (at);

    create table webhooks (
      id text primary key,
      tenant text not null,
      url text not null,
      label text not null,
      events text not null,
      documents text not null,
      secret text not null,
      previous_secret text,
      previous_ends_at integer,
      created_at integer not null,
      created_by text not null,
      paused text,
      failing_since integer,
      delivered_at integer
    ) strict;
    create index webhooks_tenant on webhooks (tenant, created_at, id);

    create table webhook_deliveries (
      webhook_id text not null,
      document_id integer not null,
      number integer not null,
      state text not null,
      queued_at integer not null,
      attempts integer not null,
      first_at integer,
      last_at integer,
      status integer,
      failure text,
      milliseconds integer,
      primary key (webhook_id, document_id, number)
    ) strict;
    create index webhook_deliveries_queued on webhook_deliveries (webhook_id, queued_at, document_id, number);
    create index webhook_deliveries_at on webhook_deliveries (queued_at);

    create table webhook_lanes (
      webhook_id text not null,
      document_id integer not null,
      queued integer not null,
      done integer not null,
      next_at integer not null,
      lease_owner text,
      lease_until integer not null,
      primary key (webhook_id, document_id)
    ) strict;
    create index webhook_lanes_due on webhook_lanes (next_at) where done < queued;

    create table erasure_records (
      id text primary key,
      tenant text not null,
      kind text not null,
      subject_hash text not null,
      begun_at integer not null,
      begun_by text not null,
      finished_at integer,
      facts text not null
    ) strict;
    create index erasure_records_tenant on erasure_records (tenant, begun_at, id);
  `,
};
