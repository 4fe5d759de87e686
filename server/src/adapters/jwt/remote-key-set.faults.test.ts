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
const HOUR = 60 * MINUTE;
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

function build({ url = server.url } = {}) {
  const clock = createFakeClock({ now: NOW });
  const keys = createRemoteKeySet({ url, clock, log: createSilentTelemetry().log });
  const verifier = createJwtVerifier({
    secret: null,
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
  return { clock, outcome };
}

/** Waits until something that goes on in the background is over. */
async function eventually(check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(check, { timeout: 10_000, interval: 10 });
}

describe('[AUTH30] an endpoint that is down, hangs or answers nonsense: old keys are used for an hour, then tokens can be tried again later', () => {
  const failures: Readonly<Record<string, Parameters<KeySetServer['answer']>[0]>> = {
    'status 500': (response) => response.writeHead(500).end(),
    garbage: (response) => response.end('<html>'),
    'JSON that is no key set': (response) => response.end('{"keys":{}}'),
    'another JSON': (response) => response.end('null'),
    'an empty answer': (response) => response.end(),
    'too much': (response) => response.end(JSON.stringify({ keys: [], more: 'x'.repeat(300_000) })),
    'too many keys': (response) => response.end(JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) })),
    'a redirect': (response) => response.writeHead(302, { location: '/keys' }).end(),
    'a reset': (response) => response.destroy(),
    'half an answer': (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"keys"');
      response.flushHeaders();
      response.destroy();
    },
  };

  test.each(Object.keys(failures))('%s', async (name) => {
    const { outcome, clock } = build();
    const token = await key.sign(payload);
    const good = failures[name];
    if (good === undefined) throw new Error(name);
    server.answer(good);
    expect(await outcome(token)).toBe('identity-unavailable');
    // Within the pause nobody asks again.
    expect(await outcome(token)).toBe('identity-unavailable');
    expect(server.requests()).toBe(1);
    server.publish(key.jwk);
    clock.advance(11 * SECOND);
    expect(await outcome(token)).toBe('ada');
  });

  test('old keys are good for an hour and no longer, remembered tokens included', async () => {
    const { outcome, clock } = build();
    const token = await key.sign(payload);
    const other = await key.sign({ ...payload, sub: 'grace' });
    expect(await outcome(token)).toBe('ada');
    server.answer((response) => response.writeHead(503).end());
    clock.advance(HOUR - MINUTE);
    expect(await outcome(token)).toBe('ada');
    expect(await outcome(other)).toBe('grace');
    clock.advance(2 * MINUTE);
    expect(await outcome(token)).toBe('identity-unavailable');
    server.publish(key.jwk);
    // A try from before may be on its way still.
    await eventually(async () => {
      clock.advance(11 * SECOND);
      expect(await outcome(token)).toBe('ada');
    });
  });

  test('an unknown key id while the endpoint is down may be a new key, so it is not refused for good', async () => {
    const { outcome, clock } = build();
    await outcome(await key.sign(payload));
    server.answer((response) => response.writeHead(500).end());
    clock.advance(11 * SECOND);
    expect(await outcome(await key.sign(payload, { kid: 'new' }))).toBe('identity-unavailable');
    expect(await outcome(await key.sign({ ...payload, sub: 'old key' }))).toBe('old key');
  });

  test.each([
    ['never answers', () => undefined],
    ['sends a byte and no more', (response: { write(text: string): void }) => response.write('{')],
  ])('a server that %s is given up after five seconds', async (_name, answer) => {
    const { outcome, clock } = build();
    server.answer(answer);
    let settled: string | null = null;
    const pending = outcome(await key.sign(payload)).then((result) => (settled = result));
    await eventually(() => expect(server.requests()).toBe(1));
    clock.advance(4_900);
    await clock.settle();
    expect(settled).toBeNull();
    clock.advance(200);
    expect(await pending).toBe('identity-unavailable');
    expect(clock.pendingTimers).toBe(0);
  });

  test('nobody listens', async () => {
    const { outcome } = build({ url: 'http://127.0.0.1:9/keys' });
    expect(await outcome(await key.sign(payload))).toBe('identity-unavailable');
  });
});
