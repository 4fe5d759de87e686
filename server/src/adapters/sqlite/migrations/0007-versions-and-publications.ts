import type { Migration } from '../migration.ts';

/** Names for rows of the log, and pages that were published with their content as it was. */
export const versionsAndPublications: Migration = {
  version: 7,
  sql: `
    create table document_versions (
      id text primary key,
      document_id integer not null,
      seq integer not null,
      kind text not null check (kind in ('named', 'automatic', 'restored')),
      label text,
      at integer not null,
      author text,
      follows integer
    ) strict, without rowid;
    create index document_versions_rows on document_versions (document_id, seq, id);
    create unique index document_versions_automatic on document_versions (document_id, follows)
      where follows is not null;

    create table publications (
      document_id integer primary key,
      id text not null unique,
      tenant text not null,
      edition integer not null,
      seq integer not null,
      at integer not null,
      author text not null,
      live integer not null
    ) strict;
    create index publications_live on publications (tenant) where live = 1;

    create table publication_editions (
      publication_id text not null,
      edition integer not null,
      at integer not null,
      sha256 text not null,
      content blob not null,
      primary key (publication_id, edition)
    ) strict;
  `,
};
