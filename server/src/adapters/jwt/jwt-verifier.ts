import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, type CryptoKey, type JWTVerifyOptions } from 'jose';
import { assertNever } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Identity, TokenVerifier, Verification } from '../../ports/token-verifier.ts';
import { createIdentityCache, type IdentityCache } from './identity-cache.ts';
import { KEY_ALGORITHMS, type RemoteKeySet, type WantedKey } from './remote-key-set.ts';

/** Expected `iss` and `aud`; `null`: not checked. */
export interface ExpectedClaims {
  readonly issuer: string | null;
  readonly audience: string | null;
}

export interface JwtVerifierDeps extends ExpectedClaims {
  /** Shared secret of HS256; `null`: such tokens are not taken. */
  readonly secret: string | Uint8Array | null;
  /** Keys of somebody who signs elsewhere (RS256, ES256, EdDSA); `null` or absent: such tokens are not taken. */
  readonly keySet?: (ExpectedClaims & { readonly keys: RemoteKeySet }) | null;
  readonly clock: Clock;
  /** Milliseconds by which the clock of who signs may differ: that much longer does a token live here. */
  readonly toleranceMs?: number;
  /** Reads the claims of a token whose signature holds (`core/token-claims.ts`). */
  readonly parseClaims: (
    payload: unknown,
  ) =>
    | { readonly kind: 'valid'; readonly claims: Omit<Identity, 'links' | 'key' | 'abilities'> }
    | { readonly kind: 'invalid'; readonly detail: string };
  /** Verified tokens remembered at most. */
  readonly cacheSize?: number;
}

/** Longer than any token that fits a header; checked before anything is hashed or decoded. */
const MAX_TOKEN_LENGTH = 16 * 1024;
const HMAC = 'HS256';
const NO_JWT = 'the token is not a JWT';

/**
 * Creates a verifier of JWTs. A token's header only picks between the sources that are configured, each with a fixed
 * list of algorithms and keys of its own kind: HS256 is checked with the secret and nothing else, the others with
 * public keys and nothing else, none at all is never taken.
 */
export function createJwtVerifier(deps: JwtVerifierDeps): TokenVerifier {
  const verifier = new JwtVerifier(deps);
  return { verify: (token) => verifier.verify(token) };
}

class JwtVerifier implements TokenVerifier {
  readonly #deps: JwtVerifierDeps;
  readonly #secret: KeyObject | null;
  readonly #toleranceMs: number;
  readonly #cache: IdentityCache;

  constructor(deps: JwtVerifierDeps) {
    this.#deps = deps;
    this.#secret = deps.secret === null ? null : toSecretKey(deps.secret);
    this.#toleranceMs = deps.toleranceMs ?? 0;
    this.#cache = createIdentityCache(deps.cacheSize ?? 5_000);
  }

  async verify(token: string): Promise<Verification> {
    if (token === '') return invalid('there is no token');
    if (token.length > MAX_TOKEN_LENGTH) return invalid('the token is too long');
    const header = readHeader(token);
    if (header === null) return invalid(NO_JWT);
    const hash = createHash('sha256').update(token).digest('base64');
    if (header.alg === HMAC && this.#secret !== null) return this.#verifyWithSecret(token, hash, this.#secret);
    const alg = KEY_ALGORITHMS.find((known) => known === header.alg);
    const { keySet = null } = this.#deps;
    if (alg !== undefined && keySet !== null) {
      return this.#verifyWithKeySet({ token, hash, keySet }, { alg, kid: header.kid });
    }
    const taken = [...(this.#secret === null ? [] : [HMAC]), ...(keySet === null ? [] : KEY_ALGORITHMS)];
    return invalid(`the token must be signed with ${taken.join(', ')}`);
  }

  async #verifyWithSecret(token: string, hash: string, secret: KeyObject): Promise<Verification> {
    const known = this.#recall(hash);
    if (known !== null) return known;
    return this.#remember(hash, await this.#verifySignature(token, secret, this.#optionsFor(this.#deps, HMAC)));
  }

  /** What was verified with other keys than those of today counts no more, so it is remembered with their number. */
  async #verifyWithKeySet({ token, hash, keySet }: KeySetCheck, wanted: WantedKey): Promise<Verification> {
    const known = this.#recall(`${hash} ${keySet.keys.current()}`);
    if (known !== null) return known;
    const found = await keySet.keys.find(wanted);
    switch (found.kind) {
      case 'found': {
        const verification = await this.#verifySignature(token, found.key, this.#optionsFor(keySet, wanted.alg));
        return this.#remember(`${hash} ${found.version}`, verification);
      }
      case 'unknown':
        return invalid('the token is signed with a key that is not in the key set');
      case 'unavailable':
        return { kind: 'invalid', code: 'identity-unavailable', detail: 'the key set cannot be fetched' };
      default:
        return assertNever(found);
    }
  }

  #recall(cacheKey: string): Verification | null {
    const known = this.#cache.get(cacheKey);
    if (known === undefined) return null;
    return known.expiresAt > this.#deps.clock.now() ? { kind: 'valid', identity: known } : EXPIRED;
  }

  #remember(cacheKey: string, verification: Verification): Verification {
    if (verification.kind === 'valid') this.#cache.set(cacheKey, verification.identity);
    return verification;
  }

  #optionsFor({ issuer, audience }: ExpectedClaims, algorithm: string): JWTVerifyOptions {
    const options: JWTVerifyOptions = {
      algorithms: [algorithm],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: this.#toleranceMs / 1000,
      currentDate: new Date(this.#deps.clock.now()),
    };
    if (issuer !== null) options.issuer = issuer;
    if (audience !== null) options.audience = audience;
    return options;
  }

  async #verifySignature(token: string, key: KeyObject | CryptoKey, options: JWTVerifyOptions): Promise<Verification> {
    try {
      const { payload } = await jwtVerify(token, key, options);
      const result = this.#deps.parseClaims(payload);
      if (result.kind === 'invalid') return invalid(result.detail);
      const expiresAt = result.claims.expiresAt + this.#toleranceMs;
      return { kind: 'valid', identity: { ...result.claims, expiresAt, links: [], key: null, abilities: [] } };
    } catch (error) {
      return error instanceof errors.JWTExpired ? EXPIRED : invalid(describeFailure(error));
    }
  }
}

interface KeySetCheck {
  readonly token: string;
  /** The token's SHA-256. */
  readonly hash: string;
  readonly keySet: NonNullable<JwtVerifierDeps['keySet']>;
}

function toSecretKey(secret: string | Uint8Array): KeyObject {
  return createSecretKey(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret);
}

/** What the header claims; `null` for what is no JWT. */
function readHeader(token: string): { readonly alg: string | undefined; readonly kid: string | undefined } | null {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return { alg, kid: typeof kid === 'string' ? kid : undefined };
  } catch {
    return null;
  }
}

function invalid(detail: string): Verification {
  return { kind: 'invalid', code: 'unauthenticated', detail };
}

const EXPIRED: Verification = { kind: 'invalid', code: 'token-expired', detail: 'the token has expired' };

/** Says enough to mend a wrong set-up, and nothing about the key. */
function describeFailure(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim "${error.claim}" is not valid: ${error.reason.replaceAll('_', ' ')}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not hold';
  return NO_JWT;
}
