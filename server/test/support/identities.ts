import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import type { Rights } from '../../src/core/permissions.ts';
import type { Identity } from '../../src/ports/token-verifier.ts';

/** Somebody with a token that never ends and grants nothing, but for what is given. */
export function createIdentity(more: Partial<Identity> = {}): Identity {
  const user = more.user ?? 'ada';
  return {
    tenant: DEFAULT_TENANT,
    user,
    displayName: user,
    issuedAt: 1_000,
    expiresAt: Infinity,
    role: 'none',
    documents: new Map(),
    groups: [],
    links: [],
    key: null,
    abilities: [],
    ...more,
  };
}

/** Rights to nothing, but for what is given. */
export function createRights(more: Partial<Rights> = {}): Rights {
  return { role: 'none', documents: new Map(), granted: [], abilities: [], ...more };
}
