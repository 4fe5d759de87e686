import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
  for (const name of ['notes/a', 'notes/b']) {
    await world.send({ role: 'owner' }, { method: 'POST', url: '/v1/documents', payload: { name } });
  }
});

afterEach(() => world.close());

type Claims = Readonly<Record<string, unknown>>;
type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

const GRANTS = '/v1/documents/notes%2Fa/grants';
const owner = { sub: 'ada', role: 'none', documents: { 'notes/a': 'owner' } };
const admin = { sub: 'root', role: 'admin' };
const bob = { sub: 'bob', role: 'none', groups: ['staff'] };

/** Sends a request; `what` is its method and address. */
async function call(claims: Claims, what: string, payload?: object) {
  const [method, url] = what.split(' ') as [Method, string];
  const response = await world.send(claims, { method, url, ...(payload !== undefined && { payload }) });
  const body = response.body === '' ? null : response.json<Record<string, unknown>>();
  return { status: response.statusCode, code: body?.['code'], body, headers: response.headers };
}

const read = async (claims: Claims, url = '/v1/documents/notes%2Fa'): Promise<number> =>
  (await call(claims, `GET ${url}`)).status;

describe('[AUTH47] grants over REST', () => {
  test('an owner gives somebody a role, sees it listed, and takes it back; each counts with the next request', async () => {
    expect(await read(bob)).toBe(403);
    const given = await call(owner, `PUT ${GRANTS}/user:bob`, { role: 'viewer' });
    expect(given).toMatchObject({
      status: 200,
      body: {
        subject: 'user:bob',
        resource: 'notes/a',
        role: 'viewer',
        expiresAt: null,
        createdAt: '2026-11-23T09:30:00.000Z',
        createdBy: 'ada',
      },
    });
    expect([await read(bob), await read(bob, '/v1/documents/notes%2Fb')]).toEqual([200, 403]);
    expect((await call(bob, 'DELETE /v1/documents/notes%2Fa')).status).toBe(403);
    expect((await call(owner, `GET ${GRANTS}`)).body).toEqual({ grants: [given.body], nextCursor: null });
    expect((await call(owner, `DELETE ${GRANTS}/user:bob`)).status).toBe(204);
    expect(await read(bob)).toBe(403);
    expect(await call(owner, `DELETE ${GRANTS}/user:bob`)).toMatchObject({ status: 404, code: 'not-found' });
  });

  test('a group, an end, and a none', async () => {
    await call(owner, `PUT ${GRANTS}/${encodeURIComponent('group:staff')}`, {
      role: 'editor',
      expiresAt: '2026-11-23T10:00:00.000Z',
    });
    expect(await read(bob)).toBe(200);
    expect(await read({ ...bob, groups: [] })).toBe(403);
    await call(owner, `PUT ${GRANTS}/user:bob`, { role: 'none' });
    expect(await read(bob)).toBe(403);
    await call(owner, `DELETE ${GRANTS}/user:bob`);
    expect(await read(bob)).toBe(200);
    world.clock.advance(30 * 60_000);
    expect(await read(bob)).toBe(403);
  });

  test('what somebody was given is in the list of documents, and tenant-wide in the session', async () => {
    await call(admin, 'PUT /v1/grants', { subject: 'user:bob', resource: 'notes/*', role: 'viewer' });
    expect((await call(bob, 'GET /v1/documents')).body).toMatchObject({
      documents: [
        { name: 'notes/a', role: 'viewer' },
        { name: 'notes/b', role: 'viewer' },
      ],
    });
    await call(admin, 'PUT /v1/grants', { subject: 'user:bob', resource: '*', role: 'commenter' });
    expect((await call(bob, 'GET /v1/session')).body).toMatchObject({ role: 'commenter' });
  });

  test('a link opens a document alone and behind a token, and its secret is shown once', async () => {
    const made = await call(owner, 'POST /v1/documents/notes%2Fa/links', { role: 'viewer' });
    const { secret, grant } = made.body as { secret: string; grant: { subject: string } };
    expect([made.status, made.headers['location']]).toEqual([201, `${GRANTS}/${encodeURIComponent(grant.subject)}`]);
    expect(JSON.stringify((await call(owner, `GET ${GRANTS}`)).body)).not.toContain(secret.slice(-20));
    const open = (authorization: string) =>
      world.app.inject({ url: '/v1/documents/notes%2Fa', headers: { authorization } });
    expect((await open(`Bearer ${secret}`)).statusCode).toBe(200);
    expect((await open(`Bearer ${await world.token(bob)}~${secret}`)).statusCode).toBe(200);
    expect((await open(`Bearer ${secret.slice(0, -1)}x`)).statusCode).toBe(401);
    const session = await world.app.inject({ url: '/v1/session', headers: { authorization: `Bearer ${secret}` } });
    expect(session.json()).toMatchObject({ user: { name: 'Guest' }, role: 'none', expiresAt: null });
    expect((await call(owner, `DELETE ${GRANTS}/${encodeURIComponent(grant.subject)}`)).status).toBe(204);
    expect((await open(`Bearer ${secret}`)).statusCode).toBe(403);
    expect(world.logLines.join()).not.toContain(secret.slice(-20));
  });

  test('grants go along with a renamed document', async () => {
    await call(owner, `PUT ${GRANTS}/user:bob`, { role: 'viewer' });
    await world.send(
      { role: 'owner' },
      { method: 'PATCH', url: '/v1/documents/notes%2Fa', payload: { name: 'moved' } },
    );
    await world.watch.look();
    expect([await read(bob, '/v1/documents/moved'), await read(bob)]).toEqual([200, 403]);
  });

  test('all access of a user can be taken away: grants and every token of before', async () => {
    await call(owner, `PUT ${GRANTS}/user:bob`, { role: 'viewer' });
    const issued = (seconds: number) => ({ ...bob, iat: world.clock.now() / 1000 + seconds });
    expect(await read(issued(-5))).toBe(200);
    expect((await call({ ...admin, role: 'owner' }, 'DELETE /v1/users/bob/access')).status).toBe(403);
    expect((await call(admin, 'DELETE /v1/users/bob/access')).status).toBe(204);
    expect(await call(issued(-5), 'GET /v1/session')).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await call(bob, 'GET /v1/session')).toMatchObject({ status: 401 });
    expect(await read(issued(1))).toBe(403);
    expect((await call(issued(1), 'GET /v1/session')).status).toBe(200);
  });
});

describe('[AUTH48] who may manage grants is told by the same decision as everything else', () => {
  test.each(['none', 'viewer', 'commenter', 'editor', 'publisher'])('the role %s may not share', async (role) => {
    const claims = { sub: 'eve', role: 'none', documents: { 'notes/a': role } };
    for (const [method, url, payload] of [
      ['GET', GRANTS, undefined],
      ['PUT', `${GRANTS}/user:eve`, { role: 'viewer' }],
      ['DELETE', `${GRANTS}/user:bob`, undefined],
      ['POST', '/v1/documents/notes%2Fa/links', { role: 'viewer' }],
      ['PUT', '/v1/grants', { subject: 'user:eve', resource: 'notes/*', role: 'viewer' }],
      ['GET', '/v1/grants', undefined],
      ['DELETE', '/v1/grants?subject=user:bob&resource=notes/*', undefined],
      ['DELETE', '/v1/users/bob/access', undefined],
    ] as const) {
      expect(await call(claims, `${method} ${url}`, payload)).toMatchObject({ status: 403, code: 'forbidden' });
    }
  });

  test('nobody gives more than they hold, nor on more than they hold it', async () => {
    const prefix = { sub: 'ada', role: 'viewer', documents: { 'notes/*': 'owner', 'notes/b': 'editor' } };
    const put = (claims: Claims, resource: string, role: string) =>
      call(claims, 'PUT /v1/grants', { subject: 'user:bob', resource, role });
    expect((await put(prefix, 'notes/a*', 'owner')).status).toBe(200);
    expect((await put(prefix, 'notes/*', 'viewer')).status).toBe(403);
    expect((await put(prefix, '*', 'viewer')).status).toBe(403);
    expect((await put({ role: 'owner' }, '*', 'owner')).status).toBe(200);
    expect((await put({ role: 'owner' }, '*', 'admin')).status).toBe(403);
    expect((await put(admin, 'notes/*', 'admin')).status).toBe(403);
    expect((await put(admin, '*', 'admin')).status).toBe(200);
    expect((await call(bob, 'DELETE /v1/users/eve/access')).status).toBe(204);
  });

  test('an admin lists everything, others what they may share, and everybody their own', async () => {
    await call(admin, 'PUT /v1/grants', { subject: 'user:bob', resource: 'notes/*', role: 'viewer' });
    await call(admin, 'PUT /v1/grants', { subject: 'group:staff', resource: '*', role: 'viewer' });
    const count = async (claims: Claims, query: string) => {
      const { status, body } = await call(claims, `GET /v1/grants${query}`);
      return status === 200 ? (body as { grants: unknown[] }).grants.length : status;
    };
    expect(await count(admin, '')).toBe(2);
    expect(await count(admin, '?limit=1')).toBe(1);
    expect(await count(bob, '?subject=user:bob')).toBe(1);
    expect(await count(bob, '?subject=group:staff')).toBe(403);
    expect(await count({ sub: 'ada', documents: { 'notes/*': 'owner' }, role: 'none' }, '?resource=notes/*')).toBe(1);
    expect(await count({ ...admin, tenant: 'other' }, '')).toBe(0);
  });

  test('whether a document exists is not told to whom may not share it', async () => {
    const answers = await Promise.all(
      ['notes%2Fa', 'absent'].map((name) => call(bob, `GET /v1/documents/${name}/grants`)),
    );
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [403, 'forbidden'],
      [403, 'forbidden'],
    ]);
    expect(await call(admin, 'GET /v1/documents/absent/grants')).toMatchObject({
      status: 404,
      code: 'document-not-found',
    });
    await world.send({ role: 'owner' }, { method: 'DELETE', url: '/v1/documents/notes%2Fa' });
    expect(await call(admin, `PUT ${GRANTS}/user:bob`, { role: 'viewer' })).toMatchObject({ status: 410 });
  });

  test('an admin who was shut out of a document can still mend that, but not read it', async () => {
    await call(owner, `PUT ${GRANTS}/user:root`, { role: 'none' });
    expect(await read(admin)).toBe(403);
    expect((await call(admin, `DELETE ${GRANTS}/user:root`)).status).toBe(204);
    expect(await read(admin)).toBe(200);
  });

  test.each<[Method, string, object | undefined]>([
    ['PUT', `${GRANTS}/bob`, { role: 'viewer' }],
    ['PUT', `${GRANTS}/user:`, { role: 'viewer' }],
    ['PUT', `${GRANTS}/link:0123456789abcdef`, { role: 'viewer' }],
    ['PUT', `${GRANTS}/user:bob`, { role: 'admin' }],
    ['PUT', `${GRANTS}/user:bob`, { role: 'root' }],
    ['PUT', `${GRANTS}/user:bob`, { role: 'viewer', more: 1 }],
    ['PUT', `${GRANTS}/user:bob`, { role: 'viewer', expiresAt: '2020-01-01T00:00:00.000Z' }],
    ['PUT', `${GRANTS}/user:bob`, { role: 'viewer', expiresAt: 'tomorrow' }],
    ['POST', '/v1/documents/notes%2Fa/links', { role: 'owner' }],
    ['POST', '/v1/documents/notes%2Fa/links', { role: 'none' }],
    ['PUT', '/v1/grants', { subject: 'user:bob', resource: 'notes/a', role: 'viewer' }],
    ['PUT', '/v1/grants', { subject: 'user:bob', resource: 'no*pe', role: 'viewer' }],
    ['PUT', '/v1/grants', { subject: 'link:0123456789abcdef', resource: '*', role: 'viewer' }],
    ['GET', '/v1/grants?cursor=x', undefined],
    ['GET', '/v1/grants?limit=101', undefined],
    ['GET', `${GRANTS}?limit=0`, undefined],
    ['DELETE', '/v1/grants?subject=user:bob', undefined],
  ])('%s %s %j is refused', async (method, url, payload) => {
    expect(await call(admin, `${method} ${url}`, payload)).toMatchObject({ status: 400, code: 'bad-request' });
  });
});
