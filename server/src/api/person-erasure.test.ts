import type { ErasureView } from '@scriptorium/shared/erasure-schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeAll(async () => {
  world = await createApiWorld();
});

afterAll(() => world.close());

const admin = { sub: 'grace', role: 'admin' };
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Calls `GET /path`. */
const call = (claims: object, route: `${Method} ${string}`, payload?: object) => {
  const at = route.indexOf(' ');
  const method = route.slice(0, at) as Method;
  return world.send(
    { ...claims },
    { method, url: `/v1${route.slice(at + 1)}`, ...(payload !== undefined && { payload }) },
  );
};

describe('[HOOK250] the erasure of a person over REST', () => {
  test('answers with a record under its address, and with the same one while it is under way', async () => {
    const begun = await call(admin, 'POST /users/zoe/erasure');
    const record = begun.json<ErasureView>();
    expect([begun.statusCode, begun.headers['location']]).toEqual([202, `/v1/erasures/${record.id}`]);
    expect(record).toMatchObject({ kind: 'person', begunBy: 'grace', finishedAt: null });
    expect(begun.body).not.toContain('zoe');
    for (const [method, url] of [
      ['POST', '/users/zoe/erasure'],
      ['GET', '/users/zoe/erasure'],
      ['GET', `/erasures/${record.id}`],
    ] as const)
      expect((await call(admin, `${method} ${url}`)).json()).toEqual(record);
    expect((await call(admin, 'GET /erasures')).json()).toEqual({ erasures: [record] });
  });

  test('refuses the person with the next request, whatever the token says, and says why', async () => {
    await call(admin, 'POST /users/eve/erasure');
    const refused = await call({ sub: 'eve', role: 'admin' }, 'GET /session');
    expect([refused.statusCode, refused.json()]).toMatchObject([
      401,
      { code: 'unauthenticated', detail: 'whoever this speaks for was erased' },
    ]);
    expect((await call({ sub: 'lin' }, 'GET /session')).statusCode).toBe(200);
    const grant = { subject: 'user:eve', resource: '*', role: 'viewer' };
    expect((await call(admin, 'PUT /grants', grant)).json()).toMatchObject({ code: 'bad-request' });
    expect((await call(admin, 'DELETE /users/eve/access')).json()).toMatchObject({ code: 'bad-request' });
  });

  test('is of people, not of keys, links, the server or whoever was erased', async () => {
    for (const user of ['key:00', 'link:00', 'erased:00', 'system'])
      expect((await call(admin, `POST /users/${user}/erasure`)).json()).toMatchObject({ code: 'bad-request' });
    for (const query of ['content=all', 'contents=keep'])
      expect((await call(admin, `POST /users/tom/erasure?${query}`)).json()).toMatchObject({ code: 'bad-request' });
    expect((await call(admin, 'GET /users/tom/erasure')).statusCode).toBe(404);
    expect((await call(admin, 'GET /users/nobody/erasure')).statusCode).toBe(404);
    expect((await call(admin, 'DELETE /users/nobody/erasure')).statusCode).toBe(404);
    expect((await call({ sub: 'erased:00', role: 'admin' }, 'GET /session')).statusCode).toBe(401);
  });

  test('is for admins, and in the own tenant', async () => {
    for (const method of ['POST', 'GET', 'DELETE'] as const)
      expect((await call({ sub: 'lin', role: 'owner' }, `${method} /users/bob/erasure`)).statusCode).toBe(403);
    await call({ ...admin, tenant: 'other' }, 'POST /users/bob/erasure');
    expect((await call({ sub: 'bob' }, 'GET /session')).statusCode).toBe(200);
    expect((await call(admin, 'GET /users/bob/erasure')).statusCode).toBe(404);
  });
});

test('[HOOK255] the audit log over REST shows the pseudonym, and the chain that is stored', async () => {
  await call({ sub: 'kim', role: 'owner' }, 'POST /documents', { name: 'kims' });
  await call({ sub: 'kim', role: 'owner' }, 'PUT /documents/kims/grants/user:lin', { role: 'viewer' });
  const before = (await call(admin, 'GET /audit?actor=kim')).json<{ entries: { hash: string }[] }>();
  expect(before.entries).toHaveLength(1);
  const { pseudonym } = (await call(admin, 'POST /users/kim/erasure')).json<ErasureView>();
  const after = (await call(admin, 'GET /audit')).json<{ entries: { actor: string; hash: string }[] }>();
  const row = after.entries.find(({ hash }) => hash === before.entries[0]?.hash);
  expect(row?.actor).toBe(pseudonym);
  expect(JSON.stringify(after)).not.toContain('"kim"');
  expect((await call(admin, 'GET /audit?actor=kim')).json()).toMatchObject({ entries: [] });
  expect((await call(admin, 'GET /users/kim/export')).json()).toMatchObject({ audit: [] });
});
