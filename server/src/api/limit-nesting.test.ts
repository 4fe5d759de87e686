import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
  await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'a' } });
});
afterAll(() => world.close());

describe('[REST110] a body that is nested without end is refused', () => {
  it.each([
    ['POST', '/v1/documents', '{"name":"b","content":{"format":"json","doc":{"type":"doc","content":', '}}}'],
    ['PATCH', '/v1/documents/a', '{"metadata":{"a":', '}}'],
    [
      'POST',
      '/v1/documents/a/changes',
      '{"operations":[{"op":"insertBlock","to":{"at":"end"},"node":{"type":"x","content":',
      '}}]}',
    ],
    ['POST', '/v1/changes', '{"documents":[{"name":"a","operations":', '}]}'],
  ] as const)('%s %s', async (...[method, url, before, after]) => {
    const depth = 2_000;
    const payload = `${before}${'['.repeat(depth)}${']'.repeat(depth)}${after}`;
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
    const answer = await world.send({}, { method, url, payload, headers });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'bad-request']);
  });
});
