import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeAll(async () => {
  world = await createApiWorld();
  await world.send({ role: 'owner' }, { method: 'POST', url: '/v1/documents', payload: { name: 'notes/a' } });
});

afterAll(() => world.close());

type Claims = Readonly<Record<string, unknown>>;
interface Made {
  readonly key: { readonly id: string; readonly [field: string]: unknown };
  readonly secret: string;
}

const admin = { sub: 'root', role: 'admin' };

async function make(claims: Claims, payload: object): Promise<Made> {
  const response = await world.send(claims, {
    method: 'POST',
    url: '/v1/api-keys',
    payload: { label: 'machine', ...payload },
  });
  expect([response.statusCode, response.body]).toEqual([201, response.body]);
  return response.json<Made>();
}

/** Sends a request with a key; `what` is its method and address. */
async function asKey(secret: string, what: string, payload?: object) {
  const [method, url = ''] = what.split(' ');
  const response = await world.app.inject({
    method: method as 'GET' | 'POST' | 'DELETE',
    url,
    headers: { authorization: `Bearer ${secret}` },
    ...(payload !== undefined && { payload }),
  });
  return { status: response.statusCode, body: response.body === '' ? null : response.json<Record<string, unknown>>() };
}

describe('[AUTH49] API keys over REST', () => {
  test('a key is made with its secret, opens what it was made for, and is listed without the secret', async () => {
    const { key, secret } = await make(admin, {
      label: ' nightly export ',
      documents: [{ resource: 'notes/*', role: 'viewer' }],
      expiresAt: '2027-01-01T00:00:00.000Z',
    });
    expect(key).toEqual({
      id: key.id,
      label: 'nightly export',
      role: 'none',
      documents: { 'notes/*': 'viewer' },
      abilities: [],
      createdAt: '2026-11-23T09:30:00.000Z',
      createdBy: 'root',
      expiresAt: '2027-01-01T00:00:00.000Z',
      revokedAt: null,
      lastUsedAt: null,
      previousEndsAt: null,
    });
    expect((await asKey(secret, 'GET /v1/documents/notes%2Fa')).status).toBe(200);
    expect((await asKey(secret, 'DELETE /v1/documents/notes%2Fa')).status).toBe(403);
    expect((await asKey(secret, 'GET /v1/session')).body).toMatchObject({
      user: { id: `key:${key.id}`, name: 'nightly export' },
      expiresAt: '2027-01-01T00:00:00.000Z',
    });
    const list = await world.send(admin, { url: '/v1/api-keys?limit=1' });
    expect(list.json()).toMatchObject({ keys: [{ id: key.id }] });
    expect(list.body).not.toContain(secret.slice(-20));
    expect(world.logLines.join()).not.toContain(secret.slice(-20));
  });

  test('a rotated key has two good secrets for the overlap, and none of it without one', async () => {
    const { key, secret } = await make(admin, { role: 'viewer' });
    const rotate = async (overlapSeconds: number) => {
      const url = `/v1/api-keys/${key.id}/rotate`;
      return (await world.send(admin, { method: 'POST', url, payload: { overlapSeconds } })).json<Made>();
    };
    const second = await rotate(60);
    expect(second.key['previousEndsAt']).toBe('2026-11-23T09:31:00.000Z');
    const statuses = (...secrets: string[]) =>
      Promise.all(secrets.map(async (it) => (await asKey(it, 'GET /v1/session')).status));
    expect(await statuses(secret, second.secret)).toEqual([200, 200]);
    const third = await rotate(0);
    expect(await statuses(secret, second.secret, third.secret)).toEqual([401, 401, 200]);
  });

  test('a revoked key opens nothing with the very next request, and cannot be rotated', async () => {
    const { key, secret } = await make(admin, { role: 'viewer' });
    expect((await asKey(secret, 'GET /v1/session')).status).toBe(200);
    const end = () => world.send(admin, { method: 'DELETE', url: `/v1/api-keys/${key.id}` });
    expect((await end()).statusCode).toBe(204);
    expect((await asKey(secret, 'GET /v1/session')).status).toBe(401);
    expect((await end()).statusCode).toBe(404);
    const rotated = await world.send(admin, { method: 'POST', url: `/v1/api-keys/${key.id}/rotate`, payload: {} });
    expect(rotated.statusCode).toBe(404);
  });

  test('keys are those of their tenant', async () => {
    const { key } = await make(admin, { role: 'viewer' });
    const stranger = { ...admin, tenant: 'other' };
    expect((await world.send(stranger, { url: '/v1/api-keys' })).json()).toEqual({ keys: [], nextCursor: null });
    expect((await world.send(stranger, { method: 'DELETE', url: `/v1/api-keys/${key.id}` })).statusCode).toBe(404);
    const url = `/v1/api-keys/${key.id}/rotate`;
    expect((await world.send(stranger, { method: 'POST', url, payload: {} })).statusCode).toBe(404);
  });

  test.each(['none', 'viewer', 'commenter', 'editor', 'publisher', 'owner'])(
    'the role %s may not manage keys',
    async (role) => {
      const { key } = await make(admin, { role: 'viewer' });
      const calls = [
        { method: 'GET', url: '/v1/api-keys' },
        { method: 'POST', url: '/v1/api-keys', payload: { label: 'mine' } },
        { method: 'POST', url: `/v1/api-keys/${key.id}/rotate`, payload: {} },
        { method: 'DELETE', url: `/v1/api-keys/${key.id}` },
      ] as const;
      for (const call of calls) {
        const response = await world.send({ role, documents: { '*': 'owner' } }, call);
        expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([403, 'forbidden']);
      }
    },
  );

  test('a key that manages keys makes none above itself, none that outlives it, and gets no secret of one above it', async () => {
    const clerk = await make(admin, {
      abilities: ['manage-keys'],
      documents: [{ resource: 'notes/*', role: 'editor' }],
      expiresAt: '2026-12-01T00:00:00.000Z',
    });
    const strong = await make(admin, { role: 'admin' });
    const post = (payload: object) => asKey(clerk.secret, 'POST /v1/api-keys', { label: 'child', ...payload });
    expect((await post({ role: 'viewer' })).status).toBe(403);
    expect((await post({ documents: [{ resource: 'notes/*', role: 'owner' }] })).status).toBe(403);
    expect((await post({ documents: [{ resource: '*', role: 'viewer' }] })).status).toBe(403);
    expect((await post({ abilities: ['manage-tenant'] })).status).toBe(403);
    const child = await post({ documents: [{ resource: 'notes/x*', role: 'editor' }], abilities: ['manage-keys'] });
    expect(child).toMatchObject({ status: 201, body: { key: { expiresAt: '2026-12-01T00:00:00.000Z' } } });
    expect((await asKey(clerk.secret, `POST /v1/api-keys/${strong.key.id}/rotate`, {})).status).toBe(403);
    expect((await asKey(strong.secret, `POST /v1/api-keys/${clerk.key.id}/rotate`, {})).status).toBe(200);
  });

  test.each([
    {},
    { label: '' },
    { label: 'a\nb' },
    { label: 'x'.repeat(101) },
    { label: 'a', role: 'root' },
    { label: 'a', documents: [{ resource: 'a*b', role: 'viewer' }] },
    { label: 'a', documents: [{ resource: 'a', role: 'admin' }] },
    { label: 'a', abilities: ['fly'] },
    { label: 'a', expiresAt: '2020-01-01T00:00:00.000Z' },
    { label: 'a', more: true },
  ])('%j is refused', async (payload) => {
    const response = await world.send(admin, { method: 'POST', url: '/v1/api-keys', payload });
    expect(response.json()).toMatchObject({ status: 400, code: 'bad-request' });
  });
});
