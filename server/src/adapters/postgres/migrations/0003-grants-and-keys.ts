import type { Migration } from '../migration.ts';

/**
 * Who was given what, machines' keys, and the numbered list of changes to both. `access_state` is one row that every
 * such change updates: they are rare, and its lock is what puts them in order.
 */
export const grantsAndKeys: Migration = {
  version: 3,
  name: 'grants-and-keys',
  // A program that knows of no grants would leave those of a renamed document behind, for the next one of its name.
  compatibleWith: 3,
  sql: `
    create table grants (
      tenant text collate "C" not null,
      subject_kind text collate "C" not null check (subject_kind in ('user', 'group', 'link')),
      subject_id text collate "C" not null,
      resource text collate "C" not null,
      role text not null,
      expires_at bigint,
      created_at bigint not null,
      created_by text not null,
      primary key (tenant, subject_kind, subject_id, resource)
    );
    create index grants_resource on grants (tenant, resource, subject_kind, subject_id);

    create table grant_links (
      id text collate "C" primary key,
      tenant text collate "C" not null,
      secret_hash text not null
    );

    create table user_revocations (
      tenant text collate "C" not null,
      user_id text collate "C" not null,
      void_until bigint not null,
      primary key (tenant, user_id)
    );

    create table api_keys (
      id text collate "C" primary key,
      tenant text collate "C" not null,
      label text not null,
      role text not null,
      documents text not null,
      abilities text not null,
      secret_hash text not null,
      previous_hash text,
      previous_ends_at bigint,
      created_at bigint not null,
      created_by text not null,
      expires_at bigint,
      revoked_at bigint,
      last_used_at bigint
    );
    create index api_keys_tenant on api_keys (tenant, created_at, id);

    create table access_state (
      id smallint primary key check (id = 1),
      revision bigint not null
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
    insert into access_state (id, revision) values (1, 0);

    create table access_changes (
      revision bigint primary key,
      tenant text collate "C" not null,
      subject_kind text not null,
      subject_id text not null
    );
  `,
};
