import { SignJWT } from 'jose';
import type { Role } from '@scriptorium/shared/roles';

/** The HS256 secret every server under test gets as `JWT_SECRET`. */
export const TEST_SECRET = 'only-for-tests-only-for-tests-only-for-tests';

export interface TokenClaims {
  readonly sub: string;
  readonly name?: string;
  readonly tenant?: string;
  /** Tenant-wide role; default `owner`. `null` leaves the claim out. */
  readonly role?: Role | null;
  readonly documents?: Readonly<Record<string, Role>>;
  /** Seconds from now; default one hour. */
  readonly expiresIn?: number;
  readonly secret?: string;
}

/** Mints a token as an embedding application would. */
export function mintToken(claims: TokenClaims): Promise<string> {
  const role = claims.role === undefined ? 'owner' : claims.role;
  const payload = {
    name: claims.name ?? claims.sub,
    ...(claims.tenant === undefined ? {} : { tenant: claims.tenant }),
    ...(role === null ? {} : { role }),
    ...(claims.documents === undefined ? {} : { documents: claims.documents }),
  };
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(claims.sub)
    .setIssuedAt(now)
    .setExpirationTime(now + (claims.expiresIn ?? 3600))
    .sign(new TextEncoder().encode(claims.secret ?? TEST_SECRET));
}
