import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRestClient, RestError } from './rest-client.ts';

function answer(status: number, body: unknown): void {
  const response = new Response(body === null ? null : JSON.stringify(body), { status });
  vi.stubGlobal('fetch', vi.fn<typeof fetch>().mockResolvedValue(response));
}

function asked(): { readonly url: unknown; readonly init: RequestInit | undefined } {
  const [url, init] = vi.mocked(fetch).mock.calls[0] ?? [];
  return { url, init };
}

describe('REST client', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const client = createRestClient({ baseUrl: 'https://docs.example', token: () => 'secret' });

  it('[SDK27] a slash in a name is escaped, and the token is asked for at each call', async () => {
    answer(200, { name: 'notes/today' });
    await client.readDocument('notes/today');
    expect(asked().url).toBe('https://docs.example/v1/documents/notes%2Ftoday');
    expect(new Headers(asked().init?.headers).get('authorization')).toBe('Bearer secret');
  });

  it('[SDK27] a page of the list is asked for by query', async () => {
    answer(200, { documents: [], nextCursor: null });
    await client.listDocuments({ prefix: 'a b', cursor: 'x&y', limit: 5 });
    expect(asked().url).toBe('https://docs.example/v1/documents?prefix=a+b&cursor=x%26y&limit=5');
  });

  it('[SDK60] a search is a question with a typed answer, and can be given up', async () => {
    answer(200, { hits: [], suggestions: [], nextCursor: null });
    expect((await client.search({ q: 'blue sk', limit: 5, filter: { names: 'notes/*' } })).hits).toEqual([]);
    expect(asked().url).toBe('https://docs.example/v1/search');
    expect(asked().init).toMatchObject({
      method: 'POST',
      body: '{"q":"blue sk","limit":5,"filter":{"names":"notes/*"}}',
    });
    vi.stubGlobal('fetch', vi.fn<typeof fetch>().mockRejectedValue(new DOMException('given up', 'AbortError')));
    await expect(client.search({ q: 'x' }, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('[SDK61] an engine that is away is told from a server that is', async () => {
    answer(503, { type: 'urn:x', title: 'Search does not answer.', status: 503, code: 'search-unavailable' });
    await expect(client.search({ q: 'x' })).rejects.toMatchObject({ code: 'search-unavailable', status: 503 });
    vi.stubGlobal('fetch', vi.fn<typeof fetch>().mockRejectedValue(new TypeError('no network')));
    await expect(client.search({ q: 'x' })).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('[SDK27] sign-in sends no token', async () => {
    answer(200, {});
    await client.signIn('Ada');
    expect(new Headers(asked().init?.headers).has('authorization')).toBe(false);
    expect(asked().init).toMatchObject({ method: 'POST', body: '{"name":"Ada"}' });
  });

  it('[SDK27] an answer without a body is none', async () => {
    answer(204, null);
    expect(await client.deleteDocument('x')).toBeUndefined();
  });

  it('[SDK28] problem details become an error with their code', async () => {
    answer(409, {
      type: 'urn:x',
      title: 'A document of this name exists already.',
      status: 409,
      code: 'document-exists',
    });
    const error = await client.createDocument('x').catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(RestError);
    expect(error).toMatchObject({ code: 'document-exists', status: 409 });
  });

  it('[SDK28] a proxy that answers with a page, and a server that does not answer, have codes as well', async () => {
    vi.stubGlobal('fetch', vi.fn<typeof fetch>().mockResolvedValue(new Response('<html>', { status: 502 })));
    await expect(client.readSession()).rejects.toMatchObject({ code: 'internal', status: 502 });
    vi.stubGlobal('fetch', vi.fn<typeof fetch>().mockRejectedValue(new TypeError('failed')));
    await expect(client.readSession()).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  });
});
