import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeAll(async () => {
  world = await createApiWorld();
  await world.send({ role: 'owner' }, { method: 'POST', url: '/v1/documents', payload: { name: 'there' } });
});

afterAll(() => world.close());

type Call = readonly [method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', url: string, payload: object | null];

const CALLS: readonly Call[] = [
  ['GET', '/v1/session', null],
  ['GET', '/v1/documents', null],
  ['POST', '/v1/documents', { name: 'new' }],
  ['GET', '/v1/documents/there', null],
  ['PATCH', '/v1/documents/there', { name: 'elsewhere' }],
  ['DELETE', '/v1/documents/there', null],
  ['GET', '/v1/documents/there/content', null],
  ['PUT', '/v1/documents/there/content', { type: 'doc' }],
  ['POST', '/v1/documents/there/changes', { operations: [{ op: 'deleteBlock', block: '1:1' }] }],
];

/** A job is of whoever asked for it, and judges each of its parts as its turn comes. */
const JOB_CALLS: readonly Call[] = [
  ['POST', '/v1/changes', { documents: [{ name: 'there', operations: [{ op: 'deleteBlock', block: '1:1' }] }] }],
  ['GET', '/v1/jobs/6f9619ff-8b86-4d11-b42d-00c04fc964ff', null],
];

/** Who may make these is told in the tests of grants and keys. */
const ACCESS_CALLS: readonly Call[] = [
  ['GET', '/v1/documents/there/grants', null],
  ['PUT', '/v1/documents/there/grants/user:bob', { role: 'viewer' }],
  ['DELETE', '/v1/documents/there/grants/user:bob', null],
  ['POST', '/v1/documents/there/links', { role: 'viewer' }],
  ['GET', '/v1/grants', null],
  ['PUT', '/v1/grants', { subject: 'user:bob', resource: '*', role: 'viewer' }],
  ['DELETE', '/v1/grants', null],
  ['DELETE', '/v1/users/bob/access', null],
  ['GET', '/v1/audit', null],
  ['GET', '/v1/api-keys', null],
  ['POST', '/v1/api-keys', { label: 'machine' }],
  ['POST', '/v1/api-keys/0123456789abcdef/rotate', {}],
  ['DELETE', '/v1/api-keys/0123456789abcdef', null],
];

/** Who may make these is told in the tests of webhooks, presence and erasure. */
const EVENT_CALLS: readonly Call[] = [
  ['GET', '/v1/documents/there/events', null],
  ['GET', '/v1/documents/there/presence', null],
  ['POST', '/v1/documents/there/broadcast', { payload: '' }],
  ['POST', '/v1/documents/there/erasure', null],
  ['GET', '/v1/erasures', null],
  ['GET', '/v1/erasures/er_0123456789abcdef', null],
  ['GET', '/v1/users/bob/export', null],
  ['POST', '/v1/users/bob/erasure', null],
  ['GET', '/v1/users/bob/erasure', null],
  ['DELETE', '/v1/users/bob/erasure', null],
  ['GET', '/v1/webhooks', null],
  ['POST', '/v1/webhooks', { url: 'https://example.org' }],
  ['GET', '/v1/webhooks/wh_0123456789abcdef', null],
  ['PATCH', '/v1/webhooks/wh_0123456789abcdef', {}],
  ['DELETE', '/v1/webhooks/wh_0123456789abcdef', null],
  ['POST', '/v1/webhooks/wh_0123456789abcdef/rotate', {}],
  ['GET', '/v1/webhooks/wh_0123456789abcdef/deliveries', null],
  ['POST', '/v1/webhooks/wh_0123456789abcdef/replay', {}],
];

const VERSION = '/v1/documents/there/versions/ver_0123456789abcdef';

/** Who may make these is told in the tests of history, versions, publications, files and search. */
const PAST_AND_SEARCH_CALLS: readonly Call[] = [
  ['GET', '/v1/documents/there/history', null],
  ['GET', '/v1/documents/there/diff', null],
  ['GET', '/v1/documents/there/blame', null],
  ['GET', '/v1/documents/there/versions', null],
  ['POST', '/v1/documents/there/versions', {}],
  ['GET', VERSION, null],
  ['PATCH', VERSION, {}],
  ['DELETE', VERSION, null],
  ['POST', `${VERSION}/restore`, null],
  ['GET', '/v1/documents/there/publication', null],
  ['PUT', '/v1/documents/there/publication', {}],
  ['DELETE', '/v1/documents/there/publication', null],
  ['GET', '/v1/publications', null],
  ['GET', '/v1/documents/there/export', null],
  ['GET', '/v1/export', null],
  ['POST', '/v1/documents/there/import', null],
  ['GET', '/v1/search', null],
  ['POST', '/v1/search', {}],
  ['GET', '/v1/search/rebuild', null],
  ['POST', '/v1/search/rebuild', {}],
];

const ALL_CALLS = [...CALLS, ...JOB_CALLS, ...ACCESS_CALLS, ...EVENT_CALLS, ...PAST_AND_SEARCH_CALLS];

function call([method, url, payload]: Call, headers: Record<string, string> = {}) {
  return world.app.inject({ method, url, headers, ...(payload !== null && { payload }) });
}

describe('[AUTH14] no call without a valid token', () => {
  test('every route under /v1 is in this table, or is open on purpose', async () => {
    const { paths } = (await world.app.inject('/openapi.json')).json<{
      paths: Record<string, Record<string, unknown>>;
    }>();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const open = ['GET /v1/config', 'POST /v1/dev/sign-in'];
    const ids = {
      ver_0123456789abcdef: '{version}',
      er_0123456789abcdef: '{id}',
      wh_0123456789abcdef: '{id}',
      '0123456789abcdef': '{id}',
      '6f9619ff-8b86-4d11-b42d-00c04fc964ff': '{id}',
    };
    const parameters = { there: '{name}', 'user:bob': '{subject}', bob: '{user}', ...ids };
    const covered = ALL_CALLS.map(([method, url]) =>
      Object.entries(parameters).reduce((text, [value, name]) => text.replace(value, name), `${method} ${url}`),
    );
    expect(routes.filter((route) => route.includes('/v1/')).toSorted()).toEqual([...covered, ...open].toSorted());
  });

  test.each(ALL_CALLS)('%s %s', async (...row) => {
    const expired = await world.token({ exp: world.clock.now() / 1000 - 1 });
    for (const authorization of [undefined, '', 'Bearer', 'Bearer x', 'Basic YTpi', `Token ${expired}`]) {
      const response = await call(row, authorization === undefined ? {} : { authorization });
      expect(response.statusCode).toBe(401);
      expect(response.json()).toMatchObject({ code: 'unauthenticated' });
      expect(response.headers['www-authenticate']).toBe('Bearer');
    }
    expect((await call(row, { authorization: `Bearer ${expired}` })).json()).toMatchObject({
      status: 401,
      code: 'token-expired',
    });
  });

  test('a token in the address is none', async () => {
    const token = await world.token();
    expect((await world.app.inject(`/v1/session?token=${token}`)).statusCode).toBe(401);
  });

  test('a token is asked for before the request is looked at', async () => {
    const response = await world.app.inject({
      method: 'POST',
      url: '/v1/documents',
      headers: { 'content-type': 'application/json' },
      payload: '{',
    });
    expect(response.statusCode).toBe(401);
  });
});

describe('[AUTH15] every call asks for its role', () => {
  const least = { POST: 'editor', PATCH: 'owner', PUT: 'editor', DELETE: 'owner', GET: 'viewer' } as const;
  const below = { editor: 'commenter', owner: 'publisher', viewer: 'none' } as const;

  test.each(CALLS.filter(([, url]) => url.startsWith('/v1/documents/') || url === '/v1/documents'))(
    '%s %s',
    async (method, url, payload) => {
      if (method === 'GET' && url === '/v1/documents') return;
      const role = below[least[method]];
      const response = await world.send({ role }, { method, url, ...(payload !== null && { payload }) });
      expect([response.statusCode, response.json<{ code: string }>().code]).toEqual([403, 'forbidden']);
    },
  );

  test('whether a document exists is not told to whom may not read it', async () => {
    const answers = await Promise.all(
      ['there', 'absent'].map((name) => world.send({ role: 'none' }, { method: 'GET', url: `/v1/documents/${name}` })),
    );
    const [there, absent] = answers.map((answer) => answer.body.replaceAll(/there|absent/g, 'NAME'));
    expect(there).toBe(absent);
  });
});

test('[AUTH16] the session says who the token speaks for', async () => {
  const response = await world.send(
    { sub: 'ada', name: 'Ada', tenant: 'acme', role: 'editor' },
    { method: 'GET', url: '/v1/session' },
  );
  expect(response.json()).toEqual({
    user: { id: 'ada', name: 'Ada' },
    tenant: 'acme',
    role: 'editor',
    expiresAt: '2026-11-23T09:31:00.000Z',
  });
  expect(response.headers['cache-control']).toBe('no-store');
});

describe('[AUTH17] development sign-in', () => {
  const signIn = (payload: object, host = 'localhost:8787') =>
    world.app.inject({ method: 'POST', url: '/v1/dev/sign-in', headers: { host }, payload });

  test('a name is enough, and its token opens everything', async () => {
    const response = await signIn({ name: '  Ada ' });
    const { token, user, expiresAt } = response.json<{
      token: string;
      user: { id: string; name: string };
      expiresAt: string;
    }>();
    expect([user.name, expiresAt]).toEqual(['Ada', '2026-11-30T09:30:00.000Z']);
    const session = await world.app.inject({ url: '/v1/session', headers: { authorization: `Bearer ${token}` } });
    expect(session.json()).toEqual({ user, tenant: 'default', role: 'owner', expiresAt });
  });

  test.each([
    {},
    { name: '' },
    { name: '   ' },
    { name: 'x'.repeat(61) },
    { name: 'a\nb' },
    { name: 7 },
    { name: 'a', role: 'admin' },
  ])('%j is refused', async (body) => {
    expect((await signIn(body)).json()).toMatchObject({ status: 400, code: 'bad-request' });
  });

  test('a page that points its own name at this machine gets no token', async () => {
    expect((await signIn({ name: 'Ada' }, 'evil.example:8787')).json()).toMatchObject({
      status: 403,
      code: 'origin-refused',
    });
  });

  test('without an issuer there is no such address, and the configuration says so', async () => {
    const other = await createApiWorld({ developmentIssuer: null });
    expect(
      (await other.app.inject({ method: 'POST', url: '/v1/dev/sign-in', payload: { name: 'Ada' } })).statusCode,
    ).toBe(404);
    expect((await other.app.inject('/v1/config')).json()).toEqual({
      version: '1.2.3',
      devSignIn: false,
      schemaVersion: 1,
    });
    expect((await world.app.inject('/v1/config')).json()).toMatchObject({ devSignIn: true });
    await other.close();
  });
});
