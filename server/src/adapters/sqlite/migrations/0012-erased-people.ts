import type { Migration } from '../migration.ts';

/** Who was erased, by a keyed hash and a pseudonym, and how far that is; the keys of the hashes. */
export const erasedPeople: Migration = {
  version: 12,
  sql: `
    create table erasure_keys (
      tenant text not null,
      place integer not null,
      secret blob not null,
      primary key (tenant, place)
    ) strict, without rowid;

    create table erased_people (
      tenant text not null,
      pseudonym text not null,
      person_hash text not null,
      erased_at integer not null,
      erased_by text not null,
      finished_at integer,
      lifted_at integer,
      record_id text not null,
      job_id text not null,
      progress text not null,
      revision integer not null,
      primary key (tenant, pseudonym)
    ) strict, without rowid;
    create index erased_people_hash on erased_people (tenant, person_hash);
    create unique index erased_people_now on erased_people (tenant, person_hash) where lifted_at is null;
  `,
};
