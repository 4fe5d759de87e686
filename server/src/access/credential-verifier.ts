import type { Tenant } from '@scriptorium/shared/document-name';
import type { GrantStore } from '../ports/grant-store.ts';
import type { Identity, TokenVerifier, Verification } from '../ports/token-verifier.ts';
import type { KeyRing } from './key-ring.ts';
import { createPromiseCache } from './promise-cache.ts';
import { isSameHash, readSecret, type ReadSecret } from './secret-text.ts';

export interface CredentialVerifierDeps {
  /** Checks what is neither a key nor a link. */
  readonly tokens: TokenVerifier;
  readonly keyRing: KeyRing;
  readonly grants: Pick<GrantStore, 'findLink'>;
}

/** Stands between a token and the links that are shown with it; no token holds one, and a bearer token may. */
const SEPARATOR = '~';
const MAX_LINKS = 4;
const LINK_CACHE = 10_000;

/**
 * Checks every kind of credential that may stand where a token does: a JWT, a machine's key, a link, and a JWT or key
 * with links behind it (`token~link~link`), all of one tenant.
 */
export function createCredentialVerifier({ tokens, keyRing, grants }: CredentialVerifierDeps): TokenVerifier {
  // A link's secret never changes, so what is known of one holds; what the link opens is looked up each time.
  const known = createPromiseCache<Awaited<ReturnType<GrantStore['findLink']>>>(LINK_CACHE);

  async function findTenant(link: ReadSecret): Promise<Tenant | null> {
    if (link.kind !== 'link') return null;
    const found = await known.get(link.id, () => grants.findLink(link.id));
    return found !== null && isSameHash(link.hash, found.secretHash) ? found.tenant : null;
  }

  async function verifyFirst(text: string): Promise<Verification> {
    const secret = readSecret(text);
    if (secret === null) return tokens.verify(text);
    if (secret.kind === 'key') return keyRing.verify(secret);
    const tenant = await findTenant(secret);
    return tenant === null ? NO_LINK : { kind: 'valid', identity: guestOf(tenant, secret.id) };
  }

  return {
    async verify(text) {
      const [first = '', ...others] = text.split(SEPARATOR, MAX_LINKS + 2);
      if (others.length > MAX_LINKS) return { ...NO_LINK, detail: `more than ${MAX_LINKS} links` };
      const verification = await verifyFirst(first);
      if (verification.kind === 'invalid' || others.length === 0) return verification;
      const { identity } = verification;
      const links = [...identity.links];
      for (const other of others) {
        const link = readSecret(other);
        if (link === null || (await findTenant(link)) !== identity.tenant) return NO_LINK;
        links.push(link.id);
      }
      return { kind: 'valid', identity: { ...identity, links } };
    },
  };
}

const NO_LINK = { kind: 'invalid', code: 'unauthenticated', detail: 'there is no such link' } as const;

/** Somebody of whom nothing is known but the link. */
function guestOf(tenant: Tenant, link: string): Identity {
  return {
    tenant,
    user: `link:${link}`,
    displayName: 'Guest',
    issuedAt: 0,
    expiresAt: Infinity,
    role: 'none',
    documents: new Map(),
    groups: [],
    links: [link],
    key: null,
    abilities: [],
  };
}
