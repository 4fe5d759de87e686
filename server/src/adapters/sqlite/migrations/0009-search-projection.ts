import type { Migration } from '../migration.ts';

/** Who works on which document for a consumer of the log, and what the search index can never take. */
export const searchProjection: Migration = {
  version: 9,
  sql: `
    create table document_leases (
      consumer text not null,
      document_id integer not null,
      holder text not null,
      until integer not null,
      primary key (consumer, document_id)
    ) strict, without rowid;

    create table search_dead_letters (
      document_id integer primary key,
      epoch integer not null,
      seq integer not null,
      reason text not null,
      at integer not null
    ) strict;
  `,
};
