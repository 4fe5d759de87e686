import type { Tenant } from '@scriptorium/shared/document-name';

/** What a tenant's live documents take. */
export interface TenantUsage {
  readonly documents: number;
  /** Bytes of their newest snapshots and of the rows above them: what they are now, without their past. */
  readonly bytes: number;
}

/** Tells what tenants use, by what is committed. Throws `storage-unavailable` when the engine does not answer. */
export interface TenantUsageReader {
  readUsage(tenant: Tenant): Promise<TenantUsage>;
}
