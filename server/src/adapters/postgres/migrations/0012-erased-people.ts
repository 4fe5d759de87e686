import type { Migration } from '../migration.ts';

/** Tables that say whose each row is. */
const WALLED = ['erasure_keys', 'erased_people'] as const;

/** Who was erased, by a keyed hash and a pseudonym, and how far that is; the keys of the hashes. */
export const erasedPeople: Migration = {
  version: 12,
  name: 'erased-people',
  // Older programs go on; they let somebody in who was erased, so nobody is to be erased before they are gone.
  compatibleWith: 5,
  sql: `
    create table erasure_keys (
      tenant text collate "C" not null,
      place integer not null,
      secret bytea not null,
      primary key (tenant, place)
    );

    create table erased_people (
      tenant text collate "C" not null,
      pseudonym text collate "C" not null,
      person_hash text collate "C" not null,
      erased_at bigint not null,
      erased_by text not null,
      finished_at bigint,
      lifted_at bigint,
      record_id text not null,
      job_id text not null,
      progress text not null,
      revision bigint not null,
      primary key (tenant, pseudonym)
    );
    create index erased_people_hash on erased_people (tenant, person_hash);
    create unique index erased_people_now on erased_people (tenant, person_hash) where lifted_at is null;

    ${WALLED.map(
      (table) => `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_wall on ${table}
      using ((select coalesce(current_setting('scriptorium.tenant', true), '')) in ('', tenant));`,
    ).join('')}
  `,
};
