import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiWorld, createApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;
beforeEach(async () => void (world = await createApiWorld()));
afterEach(() => world.close());

const admin = { sub: 'grace', role: 'admin' };

async function readAudit(query = '', claims: object = admin) {
  const answer = await world.send({ ...claims }, { url: `/v1/audit${query}` });
  return {
    status: answer.statusCode,
    ...answer.json<{ entries: Record<string, unknown>[]; nextCursor: string | null }>(),
  };
}

describe('[AUD21] an admin reads the audit log of the tenant over REST', () => {
  test('every change made over REST is in it, with who made it', async () => {
    await world.send(admin, { method: 'POST', url: '/v1/documents', payload: { name: 'a' } });
    await world.send(admin, { method: 'PUT', url: '/v1/documents/a/grants/user:ada', payload: { role: 'editor' } });
    await world.send(admin, {
      method: 'PUT',
      url: '/v1/grants',
      payload: { subject: 'group:x', resource: 'n/*', role: 'viewer' },
    });
    await world.send(admin, { method: 'DELETE', url: '/v1/documents/a/grants/user:ada' });
    await world.send(admin, { method: 'DELETE', url: '/v1/grants?subject=group:x&resource=n/*' });
    const made = await world.send(admin, { method: 'POST', url: '/v1/api-keys', payload: { label: 'robot' } });
    const { id } = made.json<{ key: { id: string } }>().key;
    await world.send(admin, { method: 'POST', url: `/v1/api-keys/${id}/rotate`, payload: {} });
    await world.send(admin, { method: 'DELETE', url: `/v1/api-keys/${id}` });
    await world.send(admin, { method: 'POST', url: '/v1/documents/a/links', payload: { role: 'viewer' } });
    await world.send(admin, { method: 'PATCH', url: '/v1/documents/a', payload: { name: 'b' } });
    await world.send(admin, { method: 'DELETE', url: '/v1/documents/b' });
    await world.send(admin, { method: 'DELETE', url: '/v1/users/lin/access' });
    const { entries } = await readAudit();
    expect(entries.map(({ action }) => action).toReversed()).toEqual([
      'grant.set',
      'grant.set',
      'grant.revoke',
      'grant.revoke',
      'key.create',
      'key.rotate',
      'key.revoke',
      'link.create',
      'document.rename',
      'document.delete',
      'user.revoke',
    ]);
    expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set(['grace']));
    expect(entries.at(-1)).toMatchObject({ seq: 1, document: 'a', subject: 'user:ada', detail: { role: 'editor' } });
    expect(JSON.stringify(entries)).not.toContain(made.json<{ secret: string }>().secret);
  });

  test('exports and refusals are noted, with the document', async () => {
    await world.send(admin, { method: 'POST', url: '/v1/documents', payload: { name: 'n/a' } });
    await world.send({ sub: 'lin', role: 'viewer' }, { url: '/v1/documents/n%2Fa/content?format=text' });
    await world.send({ sub: 'lin', role: 'viewer' }, { url: '/v1/documents/n%2Fa/export?format=markdown' });
    await world.send({ sub: 'lin', role: 'viewer' }, { url: '/v1/export?format=html&prefix=n/' });
    await world.send({ sub: 'eve', role: 'none' }, { url: '/v1/documents/n%2Fa/content' });
    await world.send({ sub: 'eve', role: 'editor' }, { url: '/v1/audit' });
    await world.journal.flush();
    const { entries } = await readAudit();
    expect(
      entries.map(({ actor, action, document, detail }) => [actor, action, document, detail]).toReversed(),
    ).toEqual([
      ['lin', 'document.export', 'n/a', { format: 'text', seq: 0 }],
      ['lin', 'document.export', 'n/a', { format: 'markdown', seq: 0 }],
      ['lin', 'document.export', 'n/*', { format: 'html', archive: 1 }],
      ['eve', 'document.refuse', 'n/a', { code: 'forbidden', request: 'GET /v1/documents/:name/content' }],
      ['eve', 'document.refuse', null, { code: 'forbidden', request: 'GET /v1/audit' }],
    ]);
  });

  test('in pages, narrowed to a document or an actor, and of the own tenant alone', async () => {
    for (const name of ['a', 'b', 'a', 'b', 'a'])
      await world.send(admin, {
        method: 'PUT',
        url: '/v1/grants',
        payload: { subject: 'user:x', resource: `${name}*`, role: 'viewer' },
      });
    const first = await readAudit('?limit=2');
    expect(first.entries.map(({ seq }) => seq)).toEqual([5, 4]);
    const second = await readAudit(`?limit=5&cursor=${first.nextCursor}`);
    expect([second.entries.map(({ seq }) => seq), second.nextCursor]).toEqual([[3, 2, 1], null]);
    expect((await readAudit('?document=b*')).entries.map(({ seq }) => seq)).toEqual([4, 2]);
    expect((await readAudit('?actor=nobody')).entries).toEqual([]);
    expect((await readAudit('', { ...admin, tenant: 'other' })).entries).toEqual([]);
    expect((await readAudit('?cursor=x')).status).toBe(400);
    for (const role of ['owner', 'editor', 'none']) expect((await readAudit('', { role })).status).toBe(403);
  });
});
