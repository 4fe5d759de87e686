import { generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { parseTokenClaims } from '../../core/token-claims.ts';
import { createJwtVerifier, type JwtVerifierDeps } from './jwt-verifier.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const NOW = 1_700_000_000_000;
const SECOND = 1000;

function sign(payload: JWTPayload, options: { readonly secret?: string; readonly alg?: string } = {}): Promise<string> {
  const { secret = SECRET, alg = 'HS256' } = options;
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

function build(overrides: Partial<JwtVerifierDeps> = {}) {
  const clock = createFakeClock({ now: NOW });
  const parseClaims = vi.fn(parseTokenClaims);
  const verifier = createJwtVerifier({
    secret: SECRET,
    issuer: null,
    audience: null,
    clock,
    parseClaims,
    ...overrides,
  });
  return { clock, parseClaims, verifier };
}

const payload = { sub: 'ada', name: 'Ada', role: 'editor', exp: NOW / SECOND + 60 };

test('[AUTH5] a token signed with the secret speaks for its subject', async () => {
  const { verifier } = build();
  const verification = await verifier.verify(await sign(payload));
  expect(verification).toMatchObject({
    kind: 'valid',
    identity: { user: 'ada', displayName: 'Ada', tenant: 'default', role: 'editor' },
  });
});

describe('[AUTH6] only HS256 with the right secret is taken', () => {
  test.each([
    ['another secret', () => sign(payload, { secret: 'another secret of thirty-two bytes!' }), 'signature'],
    ['another algorithm', () => sign(payload, { alg: 'HS512' }), 'HS256'],
    ['no signature', () => Promise.resolve(new UnsecuredJWT(payload).encode()), 'HS256'],
    [
      'an RSA signature',
      () =>
        new SignJWT(payload)
          .setProtectedHeader({ alg: 'RS256' })
          .sign(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      'HS256',
    ],
    ['no token', () => Promise.resolve(''), 'no token'],
    ['garbage', () => Promise.resolve('garbage'), 'not a JWT'],
    ['a very long text', () => Promise.resolve('x'.repeat(20_000)), 'too long'],
    ['no expiry', () => sign({ sub: 'ada' }), '"exp"'],
    ['no subject', () => sign({ exp: payload.exp }), '"sub"'],
    ['not yet', () => sign({ ...payload, nbf: NOW / SECOND + 30 }), '"nbf"'],
    ['a bad claim', () => sign({ ...payload, tenant: 'NO' }), '"tenant"'],
  ])('%s', async (_title, make, words) => {
    const { verifier } = build();
    const verification = await verifier.verify(await make());
    expect(verification).toMatchObject({ kind: 'invalid', code: 'unauthenticated' });
    expect(verification.kind === 'invalid' && verification.detail).toContain(words);
  });

  test('a token changed by one letter', async () => {
    const { verifier } = build();
    const token = await sign(payload);
    const changed = `${token.slice(0, 30)}${token[30] === 'A' ? 'B' : 'A'}${token.slice(31)}`;
    expect(await verifier.verify(changed)).toMatchObject({ kind: 'invalid' });
  });
});

test('[AUTH7] issuer and audience count when they are configured', async () => {
  const { verifier } = build({ issuer: 'https://id.example.org', audience: 'scriptorium' });
  const right = { ...payload, iss: 'https://id.example.org', aud: 'scriptorium' };
  expect(await verifier.verify(await sign(right))).toMatchObject({ kind: 'valid' });
  expect(await verifier.verify(await sign({ ...right, iss: 'https://evil.example' }))).toMatchObject({
    kind: 'invalid',
  });
  expect(await verifier.verify(await sign({ ...right, aud: 'other' }))).toMatchObject({ kind: 'invalid' });
  expect(await verifier.verify(await sign(payload))).toMatchObject({ kind: 'invalid' });
});

describe('[AUTH8] a token ends at its expiry, remembered or not', () => {
  test('an expired token has a code of its own', async () => {
    const { verifier, clock } = build();
    clock.advance(60 * SECOND);
    expect(await verifier.verify(await sign(payload))).toMatchObject({ kind: 'invalid', code: 'token-expired' });
  });

  test('a token that was valid a moment ago', async () => {
    const { verifier, clock } = build();
    const token = await sign(payload);
    clock.advance(59 * SECOND);
    expect(await verifier.verify(token)).toMatchObject({ kind: 'valid' });
    clock.advance(1 * SECOND);
    expect(await verifier.verify(token)).toMatchObject({ kind: 'invalid', code: 'token-expired' });
  });
});

describe('[AUTH9] verified tokens are remembered, as many as fit', () => {
  test('one token is read once', async () => {
    const { verifier, parseClaims } = build();
    const token = await sign(payload);
    for (let round = 0; round < 5; round += 1) await verifier.verify(token);
    expect(parseClaims).toHaveBeenCalledTimes(1);
  });

  test('the least recently used one is forgotten', async () => {
    const { verifier, parseClaims } = build({ cacheSize: 2 });
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((sub) => sign({ ...payload, sub })));
    for (const token of [a, b, a, c, a, b]) await verifier.verify(token ?? '');
    // a, b and c once each, and b again after c took its place.
    expect(parseClaims).toHaveBeenCalledTimes(4);
  });

  test('a refused token is not remembered as anything', async () => {
    const { verifier, parseClaims } = build();
    const token = await sign({ ...payload, tenant: 'NO' });
    await verifier.verify(token);
    await verifier.verify(token);
    expect(parseClaims).toHaveBeenCalledTimes(2);
  });
});
