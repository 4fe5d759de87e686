import type { Tenant } from '@scriptorium/shared/document-name';
import { parseGrantResource, type GrantResource } from '@scriptorium/shared/grant-resource';
import { parseSubject, type GrantSubject } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';
import type { AccessChangeLog } from '../../src/ports/access-changes.ts';
import type { ApiKeyStore } from '../../src/ports/api-key-store.ts';
import type { DocumentCatalog } from '../../src/ports/document-catalog.ts';
import type { GrantQuery, GrantStore, StoredGrant } from '../../src/ports/grant-store.ts';
import { AT } from './store-under-test.ts';

/** A store as the suites on grants and keys use it. Suites share one, so each test works in a tenant of its own. */
export interface AccessStoreUnderTest {
  readonly grants: GrantStore;
  readonly keys: ApiKeyStore;
  readonly accessChanges: AccessChangeLog;
  readonly catalog: DocumentCatalog;
  close(): Promise<void>;
}

/** Opens the store; a second call, after `close`, opens the same one again. */
export type OpenAccessStore = () => Promise<AccessStoreUnderTest>;

export function resource(text: string): GrantResource {
  const parsed = parseGrantResource(text);
  if (parsed === null) throw new Error(`neither a name nor a pattern: ${text}`);
  return parsed;
}

export function subject(text: string): GrantSubject {
  const parsed = parseSubject(text);
  if (parsed === null) throw new Error(`not a subject: ${text}`);
  return parsed;
}

/** A grant of the role `editor` without end, but for what is given. */
export function grant(who: string, what: string, more: Role | Partial<StoredGrant> = {}): StoredGrant {
  return {
    subject: subject(who),
    resource: resource(what),
    role: 'editor',
    expiresAt: null,
    createdAt: AT,
    createdBy: 'grace',
    ...(typeof more === 'string' ? { role: more } : more),
  };
}

/** The grants of a tenant, a hundred at most. */
export async function listGrants(
  store: AccessStoreUnderTest,
  query: Partial<GrantQuery> & { readonly tenant: Tenant },
): Promise<readonly StoredGrant[]> {
  const page = await store.grants.list({ resource: null, subject: null, cursor: null, limit: 100, ...query });
  return page.grants;
}
