import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';
import { ScriptoriumError } from '../core/errors.ts';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
});

afterEach(() => world.close());

const owner = { sub: 'ada', role: 'owner' };

function create(name: string, claims: Readonly<Record<string, unknown>> = owner) {
  return world.send(claims, { method: 'POST', url: '/v1/documents', payload: { name } });
}

function get(url: string, claims: Readonly<Record<string, unknown>> = owner) {
  return world.send(claims, { method: 'GET', url });
}

function codeOf(response: { json: () => unknown; headers: Record<string, unknown> }): unknown {
  expect(response.headers['content-type']).toBe('application/problem+json');
  return (response.json() as { code: string }).code;
}

describe('create and read', () => {
  test('[REST1] a created document is at the address that Location names, slash and all', async () => {
    const created = await create('notes/today');
    expect(created.statusCode).toBe(201);
    expect(created.headers.location).toBe('/v1/documents/notes%2Ftoday');
    expect(created.json()).toEqual({
      name: 'notes/today',
      epoch: 1,
      seq: 0,
      createdAt: '2026-11-23T09:30:00.000Z',
      createdBy: 'ada',
      updatedAt: '2026-11-23T09:30:00.000Z',
      title: null,
      metadata: {},
      role: 'owner',
    });
    const read = await get('/v1/documents/notes%2Ftoday');
    expect(read.statusCode).toBe(200);
    expect(read.json()).toEqual(created.json());
  });

  test('[REST1] a name of 128 characters fits the address, however it is encoded', async () => {
    const name = `a${'/b'.repeat(63)}c`;
    expect(name).toHaveLength(128);
    await create(name);
    expect((await get(`/v1/documents/${encodeURIComponent(name)}`)).statusCode).toBe(200);
    const verbose = name
      .split('')
      .map((letter) => `%${letter.charCodeAt(0).toString(16)}`)
      .join('');
    expect((await get(`/v1/documents/${verbose}`)).statusCode).toBe(200);
  });

  test('[REST2] a name that is taken is a conflict', async () => {
    await create('a');
    const again = await create('a');
    expect([again.statusCode, codeOf(again)]).toEqual([409, 'document-exists']);
  });

  test('[REST2] a name that is free again starts a new epoch', async () => {
    await create('a');
    await world.send(owner, { method: 'DELETE', url: '/v1/documents/a' });
    expect((await create('a')).json()).toMatchObject({ epoch: 2, seq: 0 });
  });

  test.each(['', '/a', 'a/', 'a//b', '../etc', 'ä', 'a b', 'a\0b', '__proto__', 'x'.repeat(129)])(
    '[REST3] the name %j is refused, in a body and in an address',
    async (name) => {
      const created = await create(name);
      expect([created.statusCode, codeOf(created)]).toEqual([400, 'invalid-document-name']);
      if (name === '') return;
      const read = await get(`/v1/documents/${encodeURIComponent(name)}`);
      expect([read.statusCode, codeOf(read)]).toEqual([400, 'invalid-document-name']);
    },
  );

  test('[REST3] a document that never was is not found', async () => {
    const read = await get('/v1/documents/nothing');
    expect([read.statusCode, codeOf(read)]).toEqual([404, 'document-not-found']);
  });
});

describe('rename', () => {
  const rename = (from: string, to: string, claims: Readonly<Record<string, unknown>> = owner) =>
    world.send(claims, { method: 'PATCH', url: `/v1/documents/${encodeURIComponent(from)}`, payload: { name: to } });

  test('[REST4] the document keeps its state under the new name; reads of the old one are sent on', async () => {
    await create('old/name');
    const renamed = await rename('old/name', 'new/name');
    expect(renamed.statusCode).toBe(200);
    expect(renamed.json()).toMatchObject({ name: 'new/name', epoch: 1 });
    expect(world.retired).toEqual([{ name: 'old/name', reason: 'renamed' }]);
    const read = await get('/v1/documents/old%2Fname');
    expect([read.statusCode, read.headers.location]).toEqual([308, '/v1/documents/new%2Fname']);
    const content = await get('/v1/documents/old%2Fname/content?format=text');
    expect([content.statusCode, content.headers.location]).toEqual([
      308,
      '/v1/documents/new%2Fname/content?format=text',
    ]);
  });

  test('[REST4] what changes something is not sent on to another name', async () => {
    await create('a');
    await rename('a', 'b');
    const removed = await world.send(owner, { method: 'DELETE', url: '/v1/documents/a' });
    expect([removed.statusCode, codeOf(removed)]).toEqual([404, 'document-not-found']);
    expect(removed.json()).toMatchObject({ detail: 'it is called "b" now' });
    expect((await get('/v1/documents/b')).statusCode).toBe(200);
  });

  test('[REST4] a new name that the caller may not read is not told', async () => {
    await create('a');
    await rename('a', 'secret');
    const claims = { role: 'owner', documents: { secret: 'none' } };
    const read = await get('/v1/documents/a', claims);
    expect([read.statusCode, codeOf(read)]).toEqual([404, 'document-not-found']);
    expect(read.body).not.toContain('secret"');
  });

  test('[REST5] a taken name is a conflict, and nobody is sent away', async () => {
    await create('a');
    await create('b');
    const renamed = await rename('a', 'b');
    expect([renamed.statusCode, codeOf(renamed)]).toEqual([409, 'document-exists']);
    expect(world.retired).toEqual([]);
  });

  test('[REST5] the same name again changes nothing', async () => {
    await create('a');
    expect((await rename('a', 'a')).statusCode).toBe(200);
    expect(world.retired).toEqual([]);
  });

  test('[REST5] both the right to rename the old and to create the new name are needed', async () => {
    await create('a');
    expect((await rename('a', 'b', { role: 'editor' })).statusCode).toBe(403);
    expect((await rename('a', 'b', { documents: { a: 'owner', b: 'viewer' } })).statusCode).toBe(403);
    expect((await rename('a', 'b', { documents: { a: 'owner', b: 'editor' } })).statusCode).toBe(200);
  });
});

describe('delete', () => {
  test('[REST6] a deleted document is gone, and its editors are sent away', async () => {
    await create('a');
    const removed = await world.send(owner, { method: 'DELETE', url: '/v1/documents/a' });
    expect([removed.statusCode, removed.body]).toEqual([204, '']);
    expect(world.retired).toEqual([{ name: 'a', reason: 'deleted' }]);
    for (const url of ['/v1/documents/a', '/v1/documents/a/content']) {
      const read = await get(url);
      expect([read.statusCode, codeOf(read)]).toEqual([410, 'document-deleted']);
    }
  });
});

describe('list', () => {
  test('[REST7] the list goes by name, in pages that miss and double nothing', async () => {
    for (const name of ['c', 'a', 'b/2', 'b/1', 'd']) await create(name);
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const response = await get(
        `/v1/documents?limit=2${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      const page: { documents: { name: string }[]; nextCursor: string | null } = response.json();
      names.push(...page.documents.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(names).toEqual(['a', 'b/1', 'b/2', 'c', 'd']);
    expect((await get('/v1/documents?prefix=b%2F')).json()).toMatchObject({
      documents: [{ name: 'b/1' }, { name: 'b/2' }],
      nextCursor: null,
    });
  });

  test('[REST8] only what the caller may read is listed, with full pages and a right cursor', async () => {
    for (let index = 100; index < 160; index += 1) await create(`d${index}`);
    const claims = { role: 'none', documents: { 'd11*': 'viewer', d105: 'editor', d159: 'owner' } };
    const first = (await get('/v1/documents?limit=5', claims)).json<{
      documents: { name: string; role: string }[];
      nextCursor: string;
    }>();
    expect(first.documents.map(({ name, role }) => `${name} ${role}`)).toEqual([
      'd105 editor',
      'd110 viewer',
      'd111 viewer',
      'd112 viewer',
      'd113 viewer',
    ]);
    const second = (await get(`/v1/documents?limit=100&cursor=${first.nextCursor}`, claims)).json<{
      documents: { name: string }[];
    }>();
    expect(second.documents.map(({ name }) => name)).toEqual(['d114', 'd115', 'd116', 'd117', 'd118', 'd119', 'd159']);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'limit=1.5', `prefix=${'a'.repeat(200)}`, 'cursor='])(
    '[REST9] ?%s is refused',
    async (query) => {
      const response = await get(`/v1/documents?${query}`);
      expect([response.statusCode, codeOf(response)]).toEqual([400, 'bad-request']);
    },
  );

  test('[REST9] a page holds 50 unless the caller says', async () => {
    for (let index = 100; index < 160; index += 1) await create(`d${index}`);
    expect((await get('/v1/documents')).json<{ documents: unknown[] }>().documents).toHaveLength(50);
  });

  test('[REST9] one tenant sees nothing of another', async () => {
    await create('a');
    const stranger = { sub: 'eve', role: 'admin', tenant: 'other' };
    expect((await get('/v1/documents', stranger)).json()).toEqual({ documents: [], nextCursor: null });
    expect((await get('/v1/documents/a', stranger)).statusCode).toBe(404);
    expect((await get('/v1/documents/a/content', stranger)).statusCode).toBe(404);
    expect((await world.send(stranger, { method: 'DELETE', url: '/v1/documents/a' })).statusCode).toBe(404);
    expect((await create('a', stranger)).statusCode).toBe(201);
  });
});

test('[REST13] a store that is away is told apart from everything else, and may be tried again', async () => {
  world.setFailure(new ScriptoriumError('storage-unavailable'));
  const response = await get('/v1/documents');
  expect([response.statusCode, codeOf(response), response.headers['retry-after']]).toEqual([
    503,
    'storage-unavailable',
    '1',
  ]);
});

test('[REST13] an unforeseen error tells the caller nothing, and the log everything', async () => {
  world.setFailure(new Error('the password is swordfish'));
  const response = await get('/v1/documents');
  expect([response.statusCode, codeOf(response)]).toEqual([500, 'internal']);
  expect(response.body).not.toContain('swordfish');
  expect(world.logLines.at(-1)).toContain('swordfish');
  expect(world.logLines.at(-1)).toContain('"event":"http.failed"');
});
