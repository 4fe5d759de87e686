import type { Tenant } from '@scriptorium/shared/document-name';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Runs a read that is made for one tenant; an engine that can, shows it nothing of another one. */
export type TenantReads = <T>(tenant: Tenant, read: (database: Kysely<Schema>) => Promise<T>) => Promise<T>;

/** What stores of portable SQL stand on. */
export interface TenantStoreDeps {
  readonly database: Kysely<Schema>;
  /** How reads for one tenant are made; without it as any other. */
  readonly readFor?: TenantReads;
}

/** The reads of an engine that has no second wall. */
export function readFreely(database: Kysely<Schema>): TenantReads {
  return (_tenant, read) => read(database);
}
