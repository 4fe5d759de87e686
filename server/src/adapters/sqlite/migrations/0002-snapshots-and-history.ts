import type { Migration } from '../migration.ts';

/**
 * Several snapshots per document, inline or as objects; history segments; one register for all objects; consumers'
 * cursors; rows that were set aside. It only adds: `document_snapshots` and `snapshot_register` are copied, no longer
 * used, and left to a later step to drop.
 */
export const snapshotsAndHistory: Migration = {
  version: 2,
  sql: `
    alter table documents add column purged_at integer;
    create index documents_to_purge on documents (deleted_at) where deleted_at is not null and purged_at is null;

    alter table document_heads add column snapshot_seq integer not null default 0;
    alter table document_heads add column archived_seq integer not null default 0;

    create table snapshots (
      document_id integer not null,
      seq integer not null,
      at integer not null,
      bytes integer not null,
      sha256 text not null,
      key text,
      content blob,
      primary key (document_id, seq),
      check ((key is null) <> (content is null))
    ) strict;

    create table history_segments (
      document_id integer not null,
      from_seq integer not null,
      to_seq integer not null,
      first_at integer not null,
      last_at integer not null,
      bytes integer not null,
      raw_bytes integer not null,
      sha256 text not null,
      key text,
      content blob,
      primary key (document_id, to_seq),
      check ((key is null) <> (content is null))
    ) strict;

    create table object_register (
      key text primary key,
      document_id integer not null,
      expires_at integer not null,
      state integer not null
    ) strict, without rowid;
    create index object_register_expiry on object_register (expires_at) where state <> 1;
    create index object_register_document on object_register (document_id);

    create table log_consumers (
      name text primary key,
      follows_all integer not null
    ) strict, without rowid;

    create table consumer_cursors (
      document_id integer not null,
      consumer text not null,
      seq integer not null,
      primary key (document_id, consumer)
    ) strict, without rowid;

    create table quarantined_rows (
      id integer primary key,
      document_id integer not null,
      seq integer not null,
      at integer not null,
      damage text not null,
      sum blob,
      payload blob,
      set_aside_at integer not null
    ) strict;
    create index quarantined_rows_document on quarantined_rows (document_id, seq);

    insert into snapshots (document_id, seq, at, bytes, sha256, key)
      select s.document_id, s.seq, h.updated_at, s.bytes, s.sha256, s.key
      from document_snapshots s join document_heads h on h.document_id = s.document_id;
    insert into snapshots (document_id, seq, at, bytes, sha256, key)
      select s.document_id, s.previous_seq, h.updated_at, s.previous_bytes, s.previous_sha256, s.previous_key
      from document_snapshots s join document_heads h on h.document_id = s.document_id
      where s.previous_seq is not null;
    update document_heads set snapshot_seq = s.seq
      from document_snapshots s where s.document_id = document_heads.document_id;
    insert into object_register (key, document_id, expires_at, state)
      select key, document_id, expires_at, named from snapshot_register;
  `,
};
