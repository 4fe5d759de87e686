import { createHash, createSecretKey } from 'node:crypto';
import { errors, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { Clock } from '../../ports/clock.ts';
import type { Identity, TokenVerifier, Verification } from '../../ports/token-verifier.ts';

export interface JwtVerifierDeps {
  /** Shared secret of HS256. */
  readonly secret: string | Uint8Array;
  /** Expected `iss` and `aud`; `null`: not checked. */
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly clock: Clock;
  /** Reads the claims of a token whose signature holds (`core/token-claims.ts`). */
  readonly parseClaims: (
    payload: unknown,
  ) => { readonly kind: 'valid'; readonly claims: Identity } | { readonly kind: 'invalid'; readonly detail: string };
  /** Verified tokens remembered at most. */
  readonly cacheSize?: number;
}

/** Longer than any token that fits a header; checked before anything is hashed or decoded. */
const MAX_TOKEN_LENGTH = 16 * 1024;

/**
 * Creates a verifier for HS256 tokens. The algorithm list is fixed: what the token's header says cannot choose
 * another one, nor none.
 */
export function createJwtVerifier(deps: JwtVerifierDeps): TokenVerifier {
  const { clock, parseClaims } = deps;
  const key = createSecretKey(typeof deps.secret === 'string' ? Buffer.from(deps.secret, 'utf8') : deps.secret);
  const options: JWTVerifyOptions = { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'] };
  if (deps.issuer !== null) options.issuer = deps.issuer;
  if (deps.audience !== null) options.audience = deps.audience;
  const cache = createIdentityCache(deps.cacheSize ?? 5_000);

  async function verify(token: string): Promise<Verification> {
    if (token === '') return invalid('there is no token');
    if (token.length > MAX_TOKEN_LENGTH) return invalid('the token is too long');
    const cacheKey = createHash('sha256').update(token).digest('base64');
    const known = cache.get(cacheKey);
    if (known !== undefined) {
      return known.expiresAt > clock.now() ? { kind: 'valid', identity: known } : expired();
    }
    const verification = await verifySignature(token);
    if (verification.kind === 'valid') cache.set(cacheKey, verification.identity);
    return verification;
  }

  async function verifySignature(token: string): Promise<Verification> {
    try {
      const { payload } = await jwtVerify(token, key, { ...options, currentDate: new Date(clock.now()) });
      const result = parseClaims(payload);
      return result.kind === 'valid' ? { kind: 'valid', identity: result.claims } : invalid(result.detail);
    } catch (error) {
      return error instanceof errors.JWTExpired ? expired() : invalid(describeFailure(error));
    }
  }

  return { verify };
}

function invalid(detail: string): Verification {
  return { kind: 'invalid', code: 'unauthenticated', detail };
}

function expired(): Verification {
  return { kind: 'invalid', code: 'token-expired', detail: 'the token has expired' };
}

/** Says enough to mend a wrong set-up, and nothing about the key. */
function describeFailure(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim "${error.claim}" is not valid: ${error.reason.replaceAll('_', ' ')}`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token must be signed with HS256';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not hold';
  return 'the token is not a JWT';
}

interface IdentityCache {
  get(key: string): Identity | undefined;
  set(key: string, identity: Identity): void;
}

/** Keyed by the token's SHA-256, so that no token stays in memory; the least recently used one goes first. */
function createIdentityCache(capacity: number): IdentityCache {
  const entries = new Map<string, Identity>();
  return {
    get(key) {
      const identity = entries.get(key);
      if (identity === undefined) return undefined;
      entries.delete(key);
      entries.set(key, identity);
      return identity;
    },
    set(key, identity) {
      const oldest = entries.size >= capacity ? entries.keys().next() : undefined;
      if (oldest?.done === false) entries.delete(oldest.value);
      entries.set(key, identity);
    },
  };
}
