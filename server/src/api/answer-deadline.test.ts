import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';
import { HTTP_LIMITS } from '../core/limits-http.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { LiveDocuments } from '../ports/live-documents.ts';

const never = (): Promise<never> => new Promise(() => {});
const HANGING_CATALOG: DocumentCatalog = {
  resolve: never,
  create: never,
  createWith: never,
  list: never,
  rename: never,
  remove: never,
  describe: never,
};

const nothing = (): undefined => undefined;
const NO_ACCESS = { watch: () => nothing, apply: nothing, applyAll: nothing, forget: nothing };

let world: ApiWorld;

afterEach(() => world.close());

/** Sends a request and lets time pass until its handler has had all that it may take. */
async function sendAndWait(request: Parameters<ApiWorld['send']>[1]) {
  const answer = world.send({ exp: world.clock.now() / 1000 + 1e6 }, request);
  for (;;) {
    const tick = new Promise<null>((resolve) => setTimeout(() => resolve(null), 5));
    const first = await Promise.race([answer, tick]);
    if (first !== null) return first;
    world.clock.advance(HTTP_LIMITS.answerMs);
  }
}

const JSON_BODY = { headers: { 'content-type': 'application/json' }, payload: { name: 'other' } };

describe('answers', () => {
  it.each([
    ['GET', '/v1/documents', {}],
    ['GET', '/v1/documents/a', {}],
    ['GET', '/v1/documents/a/content', {}],
    ['POST', '/v1/documents', JSON_BODY],
    ['PATCH', '/v1/documents/a', JSON_BODY],
    ['DELETE', '/v1/documents/a', {}],
  ] as const)('[REST27] %s %s is answered in time while the catalog hangs', async (method, url, rest) => {
    world = await createApiWorld({ catalog: HANGING_CATALOG });
    const answer = await sendAndWait({ method, url, ...rest });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'storage-unavailable' });
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    ['GET', '/v1/documents/a/content', {}],
    ['PATCH', '/v1/documents/a', JSON_BODY],
    ['DELETE', '/v1/documents/a', {}],
  ] as const)('[REST27] %s %s is answered in time while the log hangs', async (method, url, rest) => {
    const documents: LiveDocuments = {
      read: never,
      readParts: never,
      readAt: never,
      settle: () => Promise.resolve(null),
      retire: never,
    };
    world = await createApiWorld({ documents });
    await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'a' } });
    const answer = await sendAndWait({ method, url, ...rest });
    expect(answer.json()).toMatchObject({ status: 503, code: 'storage-unavailable' });
  });

  it('[REST27] a request is answered in time while nobody can tell who may do what', async () => {
    world = await createApiWorld({ access: { ...NO_ACCESS, standingOf: never } });
    expect((await sendAndWait({ url: '/v1/documents' })).json()).toMatchObject({ code: 'storage-unavailable' });
  });

  it('[REST27] what a handler comes to after its time is dropped', async () => {
    const [asked, late] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()];
    const read = (): Promise<never> => {
      asked.resolve();
      return late.promise;
    };
    world = await createApiWorld({
      documents: { read, readParts: never, readAt: never, settle: () => Promise.resolve(null), retire: never },
    });
    await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'a' } });
    const answer = world.send({}, { url: '/v1/documents/a/content' });
    await asked.promise;
    world.clock.advance(HTTP_LIMITS.answerMs);
    expect((await answer).statusCode).toBe(503);
    late.reject(new Error('too late'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(world.logLines.filter((line) => line.includes('http.failed'))).toEqual([]);
  });

  it('[REST27] an answer that comes in time is left alone', async () => {
    world = await createApiWorld();
    const before = world.clock.pendingTimers;
    expect((await world.send({}, { url: '/v1/documents' })).statusCode).toBe(200);
    await vi.waitFor(() => expect(world.clock.pendingTimers).toBe(before));
  });
});
