import type { Migration } from '../migration.ts';

/**
 * What happened to documents, numbered per document like the log itself, and what of it is owed to whom: an event, its
 * deliveries and the lanes they wait in are written by the transaction of the change that they tell of.
 */
export const outboxAndWebhooks: Migration = {
  version: 8,
  name: 'outbox-and-webhooks',
  // Older programs go on; what they change is told to nobody.
  compatibleWith: 3,
  sql: `
    create table outbox_documents (
      document_id bigint primary key,
      last_number bigint not null,
      announced_seq bigint not null
    );

    create table outbox_events (
      document_id bigint not null,
      number bigint not null,
      tenant text collate "C" not null,
      name text collate "C" not null,
      type text not null,
      at bigint not null,
      user_id text,
      facts text not null,
      primary key (document_id, number)
    );
    create index outbox_events_at on outbox_events (at);

    create table webhooks (
      id text collate "C" primary key,
      tenant text collate "C" not null,
      url text not null,
      label text not null,
      events text not null,
      documents text not null,
      secret text not null,
      previous_secret text,
      previous_ends_at bigint,
      created_at bigint not null,
      created_by text not null,
      paused text,
      failing_since bigint,
      delivered_at bigint
    );
    create index webhooks_tenant on webhooks (tenant, created_at, id);

    create table webhook_deliveries (
      webhook_id text collate "C" not null,
      document_id bigint not null,
      number bigint not null,
      state text not null,
      queued_at bigint not null,
      attempts integer not null,
      first_at bigint,
      last_at bigint,
      status integer,
      failure text,
      milliseconds bigint,
      primary key (webhook_id, document_id, number)
    );
    create index webhook_deliveries_queued on webhook_deliveries (webhook_id, queued_at, document_id, number);
    create index webhook_deliveries_at on webhook_deliveries (queued_at);

    create table webhook_lanes (
      webhook_id text collate "C" not null,
      document_id bigint not null,
      queued bigint not null,
      done bigint not null,
      next_at bigint not null,
      lease_owner text,
      lease_until bigint not null,
      primary key (webhook_id, document_id)
    ) with (fillfactor = 50);
    create index webhook_lanes_due on webhook_lanes (next_at) where done < queued;

    create table erasure_records (
      id text collate "C" primary key,
      tenant text collate "C" not null,
      kind text not null,
      subject_hash text not null,
      begun_at bigint not null,
      begun_by text not null,
      finished_at bigint,
      facts text not null
    );
    create index erasure_records_tenant on erasure_records (tenant, begun_at, id);
  `,
};
