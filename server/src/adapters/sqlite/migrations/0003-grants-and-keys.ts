import type { Migration } from '../migration.ts';

/** Who was given what, machines' keys, and the numbered list of changes to both. */
export const grantsAndKeys: Migration = {
  version: 3,
  sql: `
    create table grants (
      tenant text not null,
      subject_kind text not null check (subject_kind in ('user', 'group', 'link')),
      subject_id text not null,
      resource text not null,
      role text not null,
      expires_at integer,
      created_at integer not null,
      created_by text not null,
      primary key (tenant, subject_kind, subject_id, resource)
    ) strict, without rowid;
    create index grants_resource on grants (tenant, resource, subject_kind, subject_id);

    create table grant_links (
      id text primary key,
      tenant text not null,
      secret_hash text not null
    ) strict, without rowid;

    create table user_revocations (
      tenant text not null,
      user_id text not null,
      void_until integer not null,
      primary key (tenant, user_id)
    ) strict, without rowid;

    create table api_keys (
      id text primary key,
      tenant text not null,
      label text not null,
      role text not null,
      documents text not null,
      abilities text not null,
      secret_hash text not null,
      previous_hash text,
      previous_ends_at integer,
      created_at integer not null,
      created_by text not null,
      expires_at integer,
      revoked_at integer,
      last_used_at integer
    ) strict, without rowid;
    create index api_keys_tenant on api_keys (tenant, created_at, id);

    create table access_state (
      id integer primary key check (id = 1),
      revision integer not null
    ) strict;
    insert into access_state (id, revision) values (1, 0);

    create table access_changes (
      revision integer primary key,
      tenant text not null,
      subject_kind text not null,
      subject_id text not null
    ) strict;
  `,
};
