import type { Tenant } from '@scriptorium/shared/document-name';
import type { Ability, Role } from '@scriptorium/shared/roles';
import type { Act } from './audit-log.ts';

/** A machine's key, without its secret. Times are wall-clock milliseconds. */
export interface ApiKey {
  /** Part of the key's text, so that it is found and shown by it. Unique over all tenants. */
  readonly id: string;
  readonly tenant: Tenant;
  /** What people call it. */
  readonly label: string;
  readonly role: Role;
  readonly documents: ReadonlyMap<string, Role>;
  readonly abilities: readonly Ability[];
  readonly createdAt: number;
  readonly createdBy: string;
  /** `null`: without end. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** `null`: never. May lag behind by a minute. */
  readonly lastUsedAt: number | null;
  /** When the secret before the last rotation ends; `null` when there is none. */
  readonly previousEndsAt: number | null;
}

/** The hashes that a key's secret is held against. */
export interface ApiKeySecrets {
  readonly current: string;
  /** The secret before the last rotation, good until `previousEndsAt`. */
  readonly previous: string | null;
}

export interface ApiKeyPage {
  readonly keys: readonly ApiKey[];
  readonly nextCursor: string | null;
}

/**
 * Machines' keys. Every call but `find` and `noteUse` is bound to one tenant. A change and its row of the
 * audit log commit together, and so does a noted use; a rotation and a revocation are in the list of changes as well,
 * with the revision that is returned. Throws `storage-unavailable` when the
 * engine does not answer, and `bad-request` for a cursor that is none.
 */
export interface ApiKeyStore {
  add(key: ApiKey, secretHash: string): Promise<void>;
  /** `null` for an unknown id; a revoked key is found. */
  find(id: string): Promise<{ readonly key: ApiKey; readonly secrets: ApiKeySecrets } | null>;
  /** `null` when the tenant has no such key. */
  read(tenant: Tenant, id: string): Promise<ApiKey | null>;
  /** Newest first; revoked ones are listed too. `limit` is 1 to 100. */
  list(tenant: Tenant, page: { readonly cursor: string | null; readonly limit: number }): Promise<ApiKeyPage>;
  /** Puts a new secret in the place of the current one, which stays good until `previousEndsAt`. `null`: no such key, or revoked. */
  rotate(
    tenant: Tenant,
    id: string,
    secret: { readonly hash: string; readonly previousEndsAt: number },
    act: Act,
  ): Promise<number | null>;
  /** Ends a key now. `null`: no such key, or revoked already. */
  revoke(tenant: Tenant, id: string, act: Act): Promise<number | null>;
  /** Notes when keys were last used; never earlier than what is noted. */
  noteUse(uses: ReadonlyMap<string, number>): Promise<void>;
}
