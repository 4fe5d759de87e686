import type { Migration } from '../migration.ts';

/** Names for rows of the log, and pages that were published with their content as it was. It only adds. */
export const versionsAndPublications: Migration = {
  version: 7,
  name: 'versions-and-publications',
  // A program that knows of no publications would leave those of a deleted document standing; reads check for that.
  compatibleWith: 3,
  sql: `
    create table document_versions (
      id text collate "C" primary key,
      document_id bigint not null,
      seq bigint not null,
      kind text not null check (kind in ('named', 'automatic', 'restored')),
      label text,
      at bigint not null,
      author text,
      follows bigint
    );
    create index document_versions_rows on document_versions (document_id, seq, id);
    create unique index document_versions_automatic on document_versions (document_id, follows)
      where follows is not null;

    create table publications (
      document_id bigint primary key,
      id text collate "C" not null unique,
      tenant text collate "C" not null,
      edition bigint not null,
      seq bigint not null,
      at bigint not null,
      author text not null,
      live smallint not null
    );
    create index publications_live on publications (tenant) where live = 1;

    create table publication_editions (
      publication_id text collate "C" not null,
      edition bigint not null,
      at bigint not null,
      sha256 text not null,
      content bytea not null,
      primary key (publication_id, edition)
    );
    alter table publication_editions alter column content set storage external;
  `,
};
