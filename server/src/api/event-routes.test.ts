import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;
const sent: (readonly [number, string])[] = [];
beforeAll(async () => {
  world = await createApiWorld({
    presence: {
      list: () => Promise.resolve([{ client: 7, user: 'ada', state: '{"user":{"name":"Ada"}}' }]),
      broadcast: (documentId, payload) => void sent.push([documentId, payload]),
    },
  });
  await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'notes' } });
});
afterAll(() => world.close());

describe('presence and messages over REST', () => {
  it('[REST150] tells who is in a document to those who may see it', async () => {
    const answer = await world.send({ role: 'viewer' }, { url: '/v1/documents/notes/presence' });
    expect(answer.json()).toEqual({ clients: [{ client: 7, user: 'ada', state: { user: { name: 'Ada' } } }] });
    expect((await world.send({ role: 'none' }, { url: '/v1/documents/notes/presence' })).statusCode).toBe(403);
    expect((await world.send({}, { url: '/v1/documents/other/presence' })).statusCode).toBe(404);
  });

  it("[REST151] passes a message on for those who may write, but none of the server's own", async () => {
    const post = (payload: string, claims = {}) =>
      world.send(claims, { method: 'POST', url: '/v1/documents/notes/broadcast', payload: { payload } });
    expect((await post('{"type":"mine"}')).statusCode).toBe(202);
    expect((await post('x', { role: 'commenter' })).statusCode).toBe(403);
    expect((await post('{"type":"scriptorium.welcome"}')).statusCode).toBe(400);
    expect((await post('x'.repeat(16 * 1024 + 1))).statusCode).toBe(413);
    expect(sent.map(([, payload]) => payload)).toEqual(['{"type":"mine"}']);
  });
});

describe('erasure over REST', () => {
  it('[REST160] erases a live document and deleted ones of its name, and proves it', async () => {
    await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'secret' } });
    await world.edit('secret', (document) => document.getText('t').insert(0, 'what nobody may know'));
    const erase = (claims: object, name = 'secret') =>
      world.send({ ...claims }, { method: 'POST', url: `/v1/documents/${name}/erasure` });
    expect((await erase({ role: 'owner' })).statusCode).toBe(403);
    const answer = await erase({ role: 'admin' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      kind: 'document',
      begunBy: 'ada',
      begunAt: '2026-11-23T09:30:00.000Z',
      finishedAt: '2026-11-23T09:30:00.000Z',
      counts: { rows: 1 },
    });
    expect(answer.body).not.toContain('"secret"');
    expect((await world.send({}, { url: '/v1/documents/secret' })).statusCode).toBe(410);
    const { id } = answer.json<{ readonly id: string }>();
    const read = await world.send({ role: 'admin' }, { url: `/v1/erasures/${id}` });
    expect(read.json()).toEqual(answer.json());
    expect((await world.send({ role: 'admin' }, { url: '/v1/erasures' })).json()).toEqual({ erasures: [read.json()] });
    expect((await world.send({ role: 'admin', tenant: 'x' }, { url: `/v1/erasures/${id}` })).statusCode).toBe(404);
    expect((await world.send({ role: 'owner' }, { url: '/v1/erasures' })).statusCode).toBe(403);
    expect((await erase({ role: 'admin' }, 'never')).statusCode).toBe(404);
  });
});

describe('people over REST', () => {
  it('[REST161] tells what is kept about a person to themselves and to who manages the tenant', async () => {
    const tenant = 'people';
    const put = (claims: object, url: string, payload: object) => {
      const method = url.includes('/grants/') ? 'PUT' : 'POST';
      return world.send({ tenant, ...claims }, { method, url: `/v1${url}`, payload });
    };
    await put({ sub: 'ben' }, '/documents', { name: 'bens' });
    await put({ sub: 'ada' }, '/documents', { name: 'adas' });
    await put({ sub: 'ada' }, '/documents/adas/grants/user:ben', { role: 'editor' });
    await put({ sub: 'grace', role: 'admin' }, '/api-keys', { label: 'mine' });
    const read = async (user: string, claims: object) => {
      const answer = await world.send({ tenant, ...claims }, { url: `/v1/users/${user}/export` });
      return { status: answer.statusCode, body: answer.json<Readonly<Record<string, unknown>>>() };
    };
    expect((await read('ben', { sub: 'ada' })).status).toBe(403);
    const ben = await read('ben', { sub: 'ben', role: 'none' });
    expect(ben.body).toEqual({
      user: 'ben',
      documents: [{ name: 'bens', created: true, wrote: false, deletedAt: null }],
      grants: [expect.objectContaining({ subject: 'user:ben', resource: 'adas', role: 'editor' })],
      apiKeys: [],
      webhooks: [],
      versions: [],
      publications: [],
      events: [{ document: 'bens', type: 'document.created', at: '2026-11-23T09:30:00.000Z' }],
      audit: [expect.objectContaining({ action: 'grant.set', document: 'adas', own: false })],
    });
    expect((await read('ben', { sub: 'grace', role: 'admin' })).body).toEqual(ben.body);
    expect((await read('ada', { sub: 'grace', role: 'admin' })).body['grants']).toHaveLength(1);
    expect((await read('grace', { sub: 'grace' })).body['apiKeys']).toMatchObject([{ label: 'mine' }]);
    expect((await read('ben', { sub: 'ben', tenant: 'elsewhere' })).body['documents']).toEqual([]);
  });

  it('[REST240] tells which versions and publications are theirs, and what the audit log says about them', async () => {
    const tenant = 'people-past';
    const send = (claims: object, url: string, payload?: object) =>
      world.send(
        { tenant, ...claims },
        payload === undefined ? { url: `/v1${url}` } : { method: 'POST', url: `/v1${url}`, payload },
      );
    await send({ sub: 'ada' }, '/documents', { name: 'adas' });
    expect((await send({ sub: 'ada' }, '/documents/adas/versions', { label: 'first' })).statusCode).toBe(201);
    expect((await send({ sub: 'ben' }, '/documents/adas/versions', { label: 'second' })).statusCode).toBe(201);
    const published = await world.send(
      { tenant, sub: 'ada' },
      { method: 'PUT', url: '/v1/documents/adas/publication', payload: {} },
    );
    expect(published.statusCode).toBeLessThan(300);
    const read = async (user: string) =>
      (await send({ sub: user }, `/users/${user}/export`)).json<Readonly<Record<string, unknown>>>();
    const ada = await read('ada');
    expect(ada['versions']).toEqual([expect.objectContaining({ document: 'adas', label: 'first' })]);
    expect(ada['publications']).toEqual([expect.objectContaining({ document: 'adas' })]);
    expect(ada['audit']).toEqual([
      expect.objectContaining({ action: 'document.publish', document: 'adas', own: true }),
      expect.objectContaining({ action: 'version.create', document: 'adas', own: true }),
    ]);
    const ben = await read('ben');
    expect(ben['versions']).toEqual([expect.objectContaining({ label: 'second' })]);
    expect(ben['publications']).toEqual([]);
  });
});
