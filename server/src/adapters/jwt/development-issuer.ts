import { createHash, createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../ports/clock.ts';
import type { IssuedToken, TokenIssuer } from '../../ports/token-issuer.ts';

export interface DevelopmentIssuerDeps {
  /** The secret that the verifier was given too. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
}

const LIFETIME_SECONDS = 7 * 24 * 60 * 60;
const SLUG_LENGTH = 40;

/** Creates the issuer behind the development sign-in: tenant `default`, role `owner`, seven days. */
export function createDevelopmentIssuer({ secret, clock }: DevelopmentIssuerDeps): TokenIssuer {
  const key = createSecretKey(secret);
  return {
    async issue({ name }): Promise<IssuedToken> {
      const user = deriveUser(name);
      const issuedAt = Math.floor(clock.now() / 1000);
      const expiry = issuedAt + LIFETIME_SECONDS;
      const token = await new SignJWT({ name, tenant: 'default', role: 'owner' })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(user)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiry)
        .sign(key);
      return { token, user, displayName: name, expiresAt: expiry * 1000 };
    },
  };
}

/**
 * The same person for the same name, however it is spaced or cased: a readable slug, and a hash for names that a slug
 * cannot tell apart (other scripts, other signs).
 */
function deriveUser(name: string): string {
  const folded = name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
  const slug = folded
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, SLUG_LENGTH);
  const hash = createHash('sha256').update(folded).digest('hex').slice(0, 8);
  return `${slug === '' ? 'user' : slug}-${hash}`;
}
