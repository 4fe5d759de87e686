import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';
import { createProxyTrust } from '../access/client-address.ts';

let world: ApiWorld;

beforeAll(async () => {
  world = await createApiWorld({
    proxies: createProxyTrust(['loopback']),
    config: {
      allowedOrigins: ['https://app.example.org'],
      limits: {
        bodyBytes: 10_000,
        messageBytes: 10_000,
        httpConnectionsPerAddress: 1_000,
        requestsPerMinute: 3,
        anonymousPerMinute: 2,
      },
    },
  });
});

afterAll(() => world.close());

async function get(url: string, headers: Record<string, string> = {}) {
  return world.app.inject({ url, headers });
}

describe('requests per minute', () => {
  it('[REST60] a user has so many, is told how many are left, and then when to come back', async () => {
    const authorization = `Bearer ${await world.token({ sub: 'ada' })}`;
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await get('/v1/session', { authorization }));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers).toMatchObject({ 'ratelimit-policy': '"user";q=3;w=60' });
    // A twentieth of the window late at most.
    expect(answers[0]?.headers['ratelimit']).toMatch(/^"user";r=2;t=6[0-3]$/);
    const refused = answers[3];
    expect(refused?.json()).toMatchObject({ code: 'rate-limited' });
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(50);
    const other = `Bearer ${await world.token({ sub: 'ada', tenant: 'elsewhere' })}`;
    expect((await get('/v1/session', { authorization: other })).statusCode).toBe(200);
  });

  it('[REST61] whoever has no valid token has fewer, by address as a trusted proxy tells it', async () => {
    const from = (address: string) => get('/v1/session', { 'x-forwarded-for': address });
    const statuses = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await from('203.0.113.1')).statusCode);
    expect(statuses).toEqual([401, 401, 429, 429]);
    expect((await from('203.0.113.2')).statusCode).toBe(401);
    // One customer has a whole /64 of IPv6.
    const six = [];
    for (const last of ['1', '2', '3']) six.push((await from(`2001:db8::${last}`)).statusCode);
    expect(six).toEqual([401, 401, 429]);
  });

  it('[REST62] health, metrics, the app and what it asks before a sign-in are not counted', async () => {
    for (const url of ['/livez', '/readyz', '/metrics', '/', '/v1/config', '/openapi.json']) {
      for (let count = 0; count < 5; count += 1) {
        const answer = await get(url, { 'x-forwarded-for': '203.0.113.3' });
        expect(answer.statusCode, url).toBe(200);
        expect(answer.headers.ratelimit).toBeUndefined();
      }
    }
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    world.app.inject({
      method: 'OPTIONS',
      url: '/v1/documents/notes%2Ftoday/content',
      headers: { origin, 'access-control-request-method': 'PUT' },
    });

  it('[REST63] of the allowed list may read answers and send what REST needs, without cookies', async () => {
    const asked = await preflight('https://app.example.org');
    expect(asked.statusCode).toBe(204);
    expect(asked.headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example.org', vary: 'Origin' });
    expect(asked.headers['access-control-allow-headers']).toContain('authorization');
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined();
    const answer = await get('/v1/config', { origin: 'https://app.example.org' });
    expect(answer.headers['access-control-allow-origin']).toBe('https://app.example.org');
    expect(answer.headers['access-control-expose-headers']).toContain('etag');
  });

  it.each(['https://evil.example', 'https://app.example.org.evil.example', 'null'])(
    '[REST63] %s may not',
    async (origin) => {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
      expect((await get('/v1/config', { origin })).headers['access-control-allow-origin']).toBeUndefined();
    },
  );
});

describe('TLS in front', () => {
  it('[REST64] browsers are told to stay with it, where a trusted proxy says that it is there', async () => {
    const secure = await get('/v1/config', { 'x-forwarded-proto': 'https' });
    expect(secure.headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await get('/v1/config')).headers['strict-transport-security']).toBeUndefined();
    const wary = await createApiWorld({ proxies: createProxyTrust([]) });
    const claimed = await wary.app.inject({ url: '/v1/config', headers: { 'x-forwarded-proto': 'https' } });
    expect(claimed.headers['strict-transport-security']).toBeUndefined();
    await wary.close();
  });
});
