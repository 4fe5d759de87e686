import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import type { SearchPageView } from '@scriptorium/shared/search-schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchEntry } from '../../test/contracts/search-index-fixtures.ts';
import { type ApiWorld, createApiWorld } from '../../test/support/api-world.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { SearchHit, SearchPage, SearchRequest } from '../ports/search-index.ts';
import { suggestQueries } from './search/suggest-queries.ts';
import { requireDocumentName } from './authenticate.ts';

const plain = (text: string, marked: readonly string[] = []) => ({
  text,
  ranges: marked.map((word) => ({ start: text.indexOf(word), end: text.indexOf(word) + word.length })),
  cutStart: false,
  cutEnd: false,
});

function hitOf(documentId: number, title: string, [text, ...marked]: readonly [string, ...string[]]): SearchHit {
  const { name, epoch, seq, updatedAt } = searchEntry(DEFAULT_TENANT, [title], {
    documentId,
    name: requireDocumentName(title),
  });
  const blocks = [{ id: '1:2', headings: ['Plan'], snippet: plain(text, marked) }];
  return { documentId, name, title, epoch, seq, updatedAt, titleSnippet: plain(title), blocks };
}

describe('search over REST', () => {
  let world: ApiWorld;
  let asked: SearchRequest[];
  let hits: SearchHit[];
  let failure: Error | null;
  beforeEach(async () => {
    [asked, hits, failure] = [[], [], null];
    const index = {
      search: (request: SearchRequest): Promise<SearchPage> => {
        asked.push(request);
        if (failure !== null) return Promise.reject(failure);
        const page = hits.slice(request.offset, request.offset + request.limit);
        const next = request.offset + request.limit;
        return Promise.resolve({ hits: page, nextOffset: hits.length > next ? next : null });
      },
    };
    world = await createApiWorld({ search: { index } });
  });
  afterEach(() => world.close());
  const search = async (query: string, claims: Record<string, unknown> = {}) => {
    const response = await world.send(claims, { url: `/v1/search${query}` });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.json<SearchPageView & { code?: string }>(),
    };
  };
  const addDocuments = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name } });
    hits = names.map((name, at) => hitOf(at + 1, name, ['a quarterly plan', 'quarterly']));
  };

  it('[FIND26] pages hold what the asker may read, one behind the other, until there is no more', async () => {
    const names = Array.from(
      { length: 30 },
      (_, at) => `${at % 3 === 0 ? 'mine' : 'theirs'}/${String(at).padStart(2, '0')}`,
    );
    await addDocuments(names);
    const claims = { role: 'none', documents: { 'mine/*': 'viewer' } };
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 20; page += 1) {
      const { body } = await search(`?q=quarterly&limit=3${cursor}`, claims);
      seen.push(...body.hits.map(({ name }) => name));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(names.filter((name) => name.startsWith('mine/')));
    expect(asked[0]).toMatchObject({ names: ['mine/*'], tenant: DEFAULT_TENANT });
  });

  it('[FIND26] a cursor of another search, and what is none, are refused', async () => {
    await addDocuments(['one', 'two']);
    const { body } = await search('?q=quarterly&limit=1');
    expect((await search(`?q=quarterly&limit=1&cursor=${body.nextCursor}`)).status).toBe(200);
    for (const query of [
      `?q=other&cursor=${body.nextCursor}`,
      '?q=quarterly&cursor=nonsense',
      '?limit=0',
      '?limit=101',
      '?filter=king:ada',
      '?filter=updated-from:today',
      '?color=red',
    ]) {
      expect([query, (await search(query)).status]).toEqual([query, 400]);
    }
  });

  it('[FIND26] filters of a query and of a body mean the same', async () => {
    await search(
      '?q=x&filter=author:ada&filter=author:bob&filter=tag:%23Plan&filter=name:notes/*&filter=updated-from:2026-01-01T00:00:00Z&sort=updated',
    );
    const filter = { authors: ['ada', 'bob'], tags: ['#Plan'], names: 'notes/*', updatedFrom: '2026-01-01T00:00:00Z' };
    await world.send({}, { method: 'POST', url: '/v1/search', payload: { q: 'x', filter, sort: 'updated' } });
    expect(asked[0]).toEqual(asked[1]);
    expect(asked[0]).toMatchObject({
      names: ['notes/*'],
      sort: 'updated',
      filter: { authors: ['ada', 'bob'], tags: ['plan'], updatedFrom: Date.UTC(2026, 0, 1), updatedBefore: null },
    });
  });

  it('[FIND25] a right that is taken away while the engine looks counts', async () => {
    await addDocuments(['secret']);
    await world.send({}, { method: 'PUT', url: '/v1/documents/secret/grants/user:eve', payload: { role: 'viewer' } });
    const eve = { sub: 'eve', role: 'none' };
    expect((await search('?q=quarterly', eve)).body.hits).toHaveLength(1);
    hits = new Proxy(hits, {
      get: (target, key) => {
        if (key === 'slice')
          revoked ??= world.grants.revoke(
            DEFAULT_TENANT,
            { kind: 'user', id: 'eve' },
            requireDocumentName('secret') as never,
            { user: 'ada', at: 0 },
          );
        return Reflect.get(target, key) as unknown;
      },
    });
    let revoked: Promise<unknown> | undefined;
    expect((await search('?q=quarterly', eve)).body.hits).toEqual([]);
    expect(await revoked).not.toBeNull();
  });

  it('[FIND55] an engine that is away is 503 with Retry-After', async () => {
    failure = new ScriptoriumError('search-unavailable');
    const { status, headers, body } = await search('?q=x');
    expect([status, headers['retry-after'], body.code]).toEqual([503, '1', 'search-unavailable']);
  });
});

describe('[FIND27] suggestions', () => {
  const hits = [
    hitOf(1, 'One', ['quarterly and quarters', 'quarterly', 'quarters']),
    hitOf(2, 'Two', ['Quarterly again', 'Quarterly']),
  ];

  it('go on with the word that is typed, the most frequent first', () => {
    expect(suggestQueries('the quart', hits)).toEqual(['the quarterly', 'the quarters']);
  });

  it('put a mistyped word right', () => {
    expect(suggestQueries('quartrely', [hitOf(1, 'One', ['a quarterly plan', 'quarterly'])])).toEqual(['quarterly']);
  });

  it('say nothing where nothing is to be said', () => {
    expect(suggestQueries('quarterly', hits.slice(1))).toEqual([]);
    expect(suggestQueries('', hits)).toEqual([]);
    expect(suggestQueries('"quart', hits)).toEqual([]);
    expect(suggestQueries('quart', [hitOf(1, 'One', ['unmarked quarterly'])])).toEqual([]);
  });
});
