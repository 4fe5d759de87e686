import type { Migration } from '../migration.ts';

/**
 * Documents, their names, heads and snapshots, and the log. `log_rows` keeps its rowid on purpose: rows of one flush
 * lie together in a few pages, and only the narrow index is spread over the documents (a third more rows per second
 * than a table clustered by document, at 50 documents per flush).
 */
export const documentsAndLog: Migration = {
  version: 1,
  sql: `
    create table documents (
      id integer primary key autoincrement,
      tenant text not null,
      name text not null,
      created_at integer not null,
      created_by text not null,
      deleted_at integer,
      tombstone blob
    ) strict;

    create table document_names (
      tenant text not null,
      name text not null,
      state text not null check (state in ('unused', 'live', 'renamed', 'deleted')),
      document_id integer,
      epoch integer not null,
      tombstone blob,
      changed_at integer not null,
      primary key (tenant, name)
    ) strict, without rowid;
    create index document_names_live on document_names (tenant, name) where state = 'live';
    create index document_names_document on document_names (document_id);

    create table document_heads (
      document_id integer primary key,
      epoch integer not null,
      head integer not null,
      live integer not null,
      tail_bytes integer not null,
      updated_at integer not null
    ) strict;

    create table document_snapshots (
      document_id integer primary key,
      seq integer not null,
      key text not null,
      sha256 text not null,
      bytes integer not null,
      previous_seq integer,
      previous_key text,
      previous_sha256 text,
      previous_bytes integer
    ) strict;

    create table log_writers (
      id integer primary key,
      incarnation text not null unique
    ) strict;

    create table log_rows (
      document_id integer not null,
      seq integer not null,
      at integer not null,
      writer integer not null,
      flush integer not null,
      sum blob not null,
      payload blob not null,
      primary key (document_id, seq)
    ) strict;

    create table client_bindings (
      document_id integer not null,
      client integer not null,
      user_id text not null,
      primary key (document_id, client)
    ) strict, without rowid;

    create table snapshot_register (
      key text primary key,
      document_id integer not null,
      expires_at integer not null,
      named integer not null
    ) strict, without rowid;
    create index snapshot_register_expiry on snapshot_register (expires_at) where named = 0;
    create index snapshot_register_document on snapshot_register (document_id);
  `,
};
