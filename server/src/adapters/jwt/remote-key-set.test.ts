import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import {
  createSigningKey,
  startKeySetServer,
  type KeySetServer,
  type SigningKey,
} from '../../../test/support/key-set-server.ts';
import { createSilentTelemetry } from '../../../test/support/silent-telemetry.ts';
import { parseTokenClaims } from '../../core/token-claims.ts';
import { createJwtVerifier } from './jwt-verifier.ts';
import { createRemoteKeySet } from './remote-key-set.ts';

const NOW = 1_700_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SECRET = 'a secret of at least thirty-two bytes';
const EXPECTED = { issuer: 'https://id.example.org', audience: 'scriptorium' };
const payload = { sub: 'ada', iss: EXPECTED.issuer, aud: EXPECTED.audience, exp: NOW / SECOND + 24 * 3600 };

let server: KeySetServer;
let key: SigningKey;

beforeEach(async () => {
  server = await startKeySetServer();
  key = await createSigningKey('ES256', 'one');
  server.publish(key.jwk);
});

afterEach(() => server.close());

function build(secret: string | null = null) {
  const clock = createFakeClock({ now: NOW });
  const keys = createRemoteKeySet({ url: server.url, clock, log: createSilentTelemetry().log });
  const verifier = createJwtVerifier({
    secret,
    issuer: null,
    audience: null,
    keySet: { ...EXPECTED, keys },
    clock,
    parseClaims: parseTokenClaims,
  });
  const outcome = async (token: string): Promise<string> => {
    const verification = await verifier.verify(token);
    return verification.kind === 'valid' ? verification.identity.user : verification.code;
  };
  const detail = async (token: string): Promise<string> => {
    const verification = await verifier.verify(token);
    return verification.kind === 'valid' ? 'valid' : verification.detail;
  };
  return { clock, keys, verifier, outcome, detail };
}

/** Waits until something that goes on in the background is over. */
async function eventually(check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(check, { timeout: 10_000, interval: 10 });
}

describe('[AUTH27] tokens are taken by the key set: RS256, ES256 and EdDSA, each with a key of its own kind', () => {
  test.each(['RS256', 'ES256', 'EdDSA'] as const)('%s', async (alg) => {
    const signer = await createSigningKey(alg, 'k');
    server.publish({ kty: 'oct', k: 'AAAA', kid: 'k' }, 'no key', null, signer.jwk);
    const { outcome, verifier } = build();
    expect(await outcome(await signer.sign(payload))).toBe('ada');
    expect(await verifier.verify(await signer.sign({ ...payload, role: 'editor' }))).toMatchObject({
      identity: { role: 'editor', links: [], key: null },
    });
  });

  test('a token without a key id is taken when one key alone fits', async () => {
    const other = await createSigningKey('RS256', 'two');
    server.publish(key.jwk, other.jwk);
    const { outcome } = build();
    expect(await outcome(await key.sign(payload, { kid: undefined }))).toBe('ada');
    server.publish(key.jwk, (await createSigningKey('ES256', 'three')).jwk);
    const rotated = build();
    expect(await rotated.outcome(await key.sign(payload, { kid: undefined }))).toBe('unauthenticated');
  });

  test('issuer and audience are those of the key set', async () => {
    const { outcome, detail } = build();
    expect(await outcome(await key.sign({ ...payload, aud: ['other', 'scriptorium'] }))).toBe('ada');
    expect(await detail(await key.sign({ ...payload, iss: 'https://evil.example' }))).toContain('"iss"');
    expect(await detail(await key.sign({ ...payload, aud: 'other' }))).toContain('"aud"');
    expect(await outcome(await key.sign({ ...payload, exp: NOW / SECOND }))).toBe('token-expired');
  });

  test('keys that are for something else are not used', async () => {
    const { jwk } = key;
    for (const other of [
      { ...jwk, use: 'enc' },
      { ...jwk, alg: 'ES384' },
      { ...jwk, key_ops: ['encrypt'] },
      { ...jwk, x: 7 },
    ]) {
      server.publish(other);
      expect(await build().outcome(await key.sign(payload))).toBe('unauthenticated');
    }
  });

  test('an RSA key that is too short is not used', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    server.publish({ ...(await exportJWK(publicKey)), kid: 'short' });
    const { createSign } = await import('node:crypto');
    const text = [{ alg: 'RS256', kid: 'short' }, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url');
    expect(await build().outcome(`${text}.${signature}`)).toBe('unauthenticated');
  });
});

describe("[AUTH28] a token's header picks between the sources, and never what it is checked with", () => {
  test('with both a secret and a key set, each takes its own', async () => {
    const { outcome } = build(SECRET);
    const own = new SignJWT({ sub: 'grace', exp: payload.exp }).setProtectedHeader({ alg: 'HS256' });
    expect(await outcome(await own.sign(Buffer.from(SECRET)))).toBe('grace');
    expect(await outcome(await key.sign(payload))).toBe('ada');
  });

  test('no signature is made with a public key taken for a secret', async () => {
    const rsa = await createSigningKey('RS256', 'rsa');
    server.publish(rsa.jwk);
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const forgeries = [pem, rsa.publicKey.export({ type: 'spki', format: 'der' }), JSON.stringify(rsa.jwk), ''];
    for (const secret of [SECRET, null]) {
      const { outcome } = build(secret);
      for (const forged of forgeries) {
        for (const alg of ['HS256', 'RS256']) {
          const text = [{ alg, kid: 'rsa' }, payload]
            .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
            .join('.');
          const token = `${text}.${createHmac('sha256', forged).update(text).digest('base64url')}`;
          expect(await outcome(token)).toBe('unauthenticated');
        }
      }
    }
  });

  test.each(['none', 'HS256', 'HS512', 'RS512', 'PS256', 'ES384', '__proto__', 'constructor'])(
    'alg %s is not taken',
    async (alg) => {
      const text = [{ alg, kid: 'one' }, payload]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      expect(await build().detail(`${text}.AAAA`)).toMatch(/must be signed with RS256, ES256, EdDSA|not a JWT/);
    },
  );

  test('a token that brings its own key, or names where to fetch one, is checked with ours', async () => {
    const stranger = await createSigningKey('ES256', 'one');
    const token = new SignJWT(payload).setProtectedHeader({
      alg: 'ES256',
      kid: 'one',
      jwk: stranger.jwk,
      jku: 'http://127.0.0.1:1/keys',
    });
    expect(await build().outcome(await token.sign(stranger.privateKey))).toBe('unauthenticated');
    expect(server.requests()).toBe(1);
  });
});

describe('[AUTH29] keys are fetched when they are needed, by one request for all, and not more often than the pause allows', () => {
  test('many tokens at once make one request', async () => {
    const { outcome } = build();
    expect(server.requests()).toBe(0);
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => key.sign({ ...payload, sub: `u${n}` })));
    const outcomes = await Promise.all(tokens.map(outcome));
    expect(outcomes).toEqual(tokens.map((_, n) => `u${n}`));
    expect(server.requests()).toBe(1);
  });

  test('unknown key ids make one request per pause, whoever invents them', async () => {
    const { outcome, clock } = build();
    await outcome(await key.sign(payload));
    clock.advance(11 * SECOND);
    for (let n = 0; n < 20; n += 1) {
      expect(await outcome(await key.sign(payload, { kid: `invented ${n}` }))).toBe('unauthenticated');
    }
    expect(server.requests()).toBe(2);
    clock.advance(11 * SECOND);
    await outcome(await key.sign(payload, { kid: 'another' }));
    expect(server.requests()).toBe(3);
  });

  test('a new key is found by the first token that it signs', async () => {
    const { outcome, clock } = build();
    await outcome(await key.sign(payload));
    const next = await createSigningKey('RS256', 'two');
    server.publish(key.jwk, next.jwk);
    clock.advance(11 * SECOND);
    expect(await outcome(await next.sign(payload))).toBe('ada');
    expect(await outcome(await key.sign(payload))).toBe('ada');
  });

  test('keys are fetched anew after five minutes, also for tokens that are remembered; a key that is gone opens nothing more', async () => {
    const { outcome, clock, keys } = build();
    const token = await key.sign(payload);
    expect(await outcome(token)).toBe('ada');
    server.publish((await createSigningKey('ES256', 'two')).jwk);
    expect(await outcome(token)).toBe('ada');
    clock.advance(6 * MINUTE);
    await outcome(token);
    await eventually(() => expect(keys.current()).toBe(2));
    expect(await outcome(token)).toBe('unauthenticated');
  });
});

test('[AUTH31] a token lives longer here by the tolerance between the clocks, and no longer', async () => {
  const clock = createFakeClock({ now: NOW });
  const verifier = createJwtVerifier({
    secret: SECRET,
    issuer: null,
    audience: null,
    clock,
    toleranceMs: 5 * SECOND,
    parseClaims: parseTokenClaims,
  });
  const sign = (claims: object) =>
    new SignJWT({ sub: 'ada', ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
  const token = await sign({ exp: NOW / SECOND + 10 });
  const fresh = await sign({ exp: NOW / SECOND + 10, name: 'never seen before' });
  expect(await verifier.verify(token)).toMatchObject({ identity: { expiresAt: NOW + 15 * SECOND } });
  expect(await verifier.verify(await sign({ exp: NOW / SECOND + 10, nbf: NOW / SECOND + 4 }))).toMatchObject({
    kind: 'valid',
  });
  expect(await verifier.verify(await sign({ exp: NOW / SECOND + 10, nbf: NOW / SECOND + 6 }))).toMatchObject({
    kind: 'invalid',
  });
  clock.advance(14 * SECOND);
  expect(await verifier.verify(token)).toMatchObject({ kind: 'valid' });
  expect(await verifier.verify(fresh)).toMatchObject({ kind: 'valid' });
  clock.advance(1 * SECOND);
  expect(await verifier.verify(token)).toMatchObject({ code: 'token-expired' });
  expect(await verifier.verify(await sign({ exp: NOW / SECOND + 10, name: 'late' }))).toMatchObject({
    code: 'token-expired',
  });
});
