import type { Migration } from '../migration.ts';

/**
 * Who works on which document for a consumer of the log, and what the search index can never take. Leases change twice
 * for each write of the index, and never in an indexed column.
 */
export const searchProjection: Migration = {
  version: 9,
  name: 'search-projection',
  compatibleWith: 3,
  sql: `
    create table document_leases (
      consumer text collate "C" not null,
      document_id bigint not null,
      holder text not null,
      until bigint not null,
      primary key (consumer, document_id)
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

    create table search_dead_letters (
      document_id bigint primary key,
      epoch integer not null,
      seq bigint not null,
      reason text not null,
      at bigint not null
    );
  `,
};
