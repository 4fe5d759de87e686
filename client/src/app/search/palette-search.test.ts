import type { SearchPageView } from '@scriptorium/shared/search-schemas';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RestError, type SearchQuestion } from '../../sdk/rest-client.ts';
import { PaletteSearch } from './palette-search.ts';

const page = (names: readonly string[], nextCursor: string | null = null): SearchPageView => ({
  hits: names.map((name) => ({
    name,
    title: { text: name, ranges: [], cutStart: false, cutEnd: false },
    epoch: 1,
    seq: 1,
    updatedAt: '2026-11-23T09:30:00.000Z',
    blocks: [],
  })),
  suggestions: [],
  nextCursor,
});

/** A server whose answers the test gives. */
function playedServer() {
  const asked: { readonly question: SearchQuestion; readonly answer: (page: SearchPageView | Error) => void }[] = [];
  const search = (question: SearchQuestion, signal?: AbortSignal): Promise<SearchPageView> =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new DOMException('given up', 'AbortError'));
      });
      asked.push({ question, answer: (given) => (given instanceof Error ? reject(given) : resolve(given)) });
    });
  return { asked, search };
}

function namesOf(palette: PaletteSearch): readonly string[] | string {
  const state = palette.state.value;
  return state.kind === 'found' ? state.hits.map(({ name }) => name) : state.kind;
}

describe('a search as somebody types', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('[APP73] begins with what changed last, and asks once a moment after the last key', async () => {
    const server = playedServer();
    const palette = new PaletteSearch(server);
    expect(server.asked[0]?.question).toMatchObject({ q: '', sort: 'updated' });
    server.asked[0]?.answer(page(['recent']));
    await vi.advanceTimersByTimeAsync(0);
    expect(namesOf(palette)).toEqual(['recent']);
    for (const query of ['b', 'bl', 'blue']) palette.type(query);
    await vi.advanceTimersByTimeAsync(500);
    expect(server.asked.slice(1).map(({ question }) => question.q)).toEqual(['blue']);
  });

  it('[APP73] an answer that comes late never stands under a newer query', async () => {
    const server = playedServer();
    const palette = new PaletteSearch(server);
    palette.type('one');
    await vi.advanceTimersByTimeAsync(500);
    palette.type('two');
    await vi.advanceTimersByTimeAsync(500);
    server.asked[2]?.answer(page(['two']));
    await vi.advanceTimersByTimeAsync(0);
    server.asked[1]?.answer(page(['one']));
    await vi.advanceTimersByTimeAsync(0);
    expect([namesOf(palette), palette.busy.value]).toEqual([['two'], false]);
  });

  it('[APP74] says when the engine is away, and goes on when asked again', async () => {
    const server = playedServer();
    const palette = new PaletteSearch(server);
    server.asked[0]?.answer(new RestError({ code: 'search-unavailable', status: 503, title: 'away' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(palette.state.value).toEqual({ kind: 'failed', code: 'search-unavailable', reason: 'away' });
    palette.retry();
    server.asked[1]?.answer(page(['back']));
    await vi.advanceTimersByTimeAsync(0);
    expect(namesOf(palette)).toEqual(['back']);
  });

  it('[APP73] the next page comes behind what is there', async () => {
    const server = playedServer();
    const palette = new PaletteSearch(server);
    palette.type('x');
    await vi.advanceTimersByTimeAsync(500);
    server.asked[1]?.answer(page(['one'], 'next'));
    await vi.advanceTimersByTimeAsync(0);
    void palette.showMore();
    expect(server.asked[2]?.question.cursor).toBe('next');
    server.asked[2]?.answer(page(['two']));
    await vi.advanceTimersByTimeAsync(0);
    expect(namesOf(palette)).toEqual(['one', 'two']);
  });
});
