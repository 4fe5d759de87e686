/** Tables of people who were erased, as Kysely sees them. */
export interface ErasedSchema {
  erasure_keys: ErasureKeysTable;
  erased_people: ErasedPeopleTable;
}

/** The keys of a tenant's hashes: its own at place 0, made with its first erasure, and those that came with a copy. */
export interface ErasureKeysTable {
  tenant: string;
  place: number;
  secret: Uint8Array;
}

/** One row per pseudonym; at most one of a person is not lifted. Nothing here names the person. */
export interface ErasedPeopleTable {
  tenant: string;
  pseudonym: string;
  /** HMAC-SHA256 of tenant and id under one of the tenant's keys, hex. */
  person_hash: string;
  erased_at: number;
  erased_by: string;
  /** `null` while the erasure is under way. */
  finished_at: number | null;
  /** When the person was let in again. */
  lifted_at: number | null;
  /** The newest record of it. */
  record_id: string;
  /** The job that does it, whose part holds the id until it is done. */
  job_id: string;
  /** JSON: how far it is. */
  progress: string;
  /** Rises with each step, so that of two nodes at work one is told. */
  revision: number;
}
