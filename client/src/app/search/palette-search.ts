import { signal } from '@preact/signals';
import type { SearchHitView, SearchPageView } from '@scriptorium/shared/search-schemas';
import { RestError, type RestClient } from '../../sdk/rest-client.ts';

/** How a search stands. What was found before stays on the page until there is something newer. */
export type PaletteState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string }
  | {
      readonly kind: 'found';
      readonly query: string;
      readonly hits: readonly SearchHitView[];
      readonly suggestions: readonly string[];
      readonly nextCursor: string | null;
    };

/** Milliseconds after a key in which another one may follow before anything is asked. */
const PAUSE = 120;
const PAGE = 20;
/** Documents shown before anything is typed. */
const RECENT = 8;

/**
 * Searches as somebody types: asks a moment after the last key, and gives up a question when there is another one, so
 * that an answer that comes late never stands under a newer query.
 */
export class PaletteSearch {
  readonly query = signal('');
  readonly state = signal<PaletteState>({ kind: 'loading' });
  /** Whether the answer to the last question is on its way. */
  readonly busy = signal(false);
  readonly #rest: Pick<RestClient, 'search'>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;

  constructor(rest: Pick<RestClient, 'search'>) {
    this.#rest = rest;
    void this.#ask();
  }

  type(query: string): void {
    this.query.value = query;
    this.busy.value = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), PAUSE);
  }

  /** Asks the same once more. */
  retry(): void {
    void this.#ask();
  }

  /** Adds the next page to what was found. */
  async showMore(): Promise<void> {
    const before = this.state.value;
    if (before.kind !== 'found' || before.nextCursor === null || this.busy.value) return;
    await this.#ask(before.nextCursor, before.hits);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  async #ask(cursor: string | null = null, before: readonly SearchHitView[] = []): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.busy.value = true;
    const query = this.query.value;
    const hasWords = query.trim() !== '';
    try {
      const page: SearchPageView = await this.#rest.search(
        {
          q: query,
          limit: hasWords ? PAGE : RECENT,
          sort: hasWords ? 'relevance' : 'updated',
          ...(cursor === null ? {} : { cursor }),
        },
        asking.signal,
      );
      if (asking.signal.aborted) return;
      const { suggestions, nextCursor } = page;
      const hits = [...before, ...page.hits];
      this.state.value = { kind: 'found', query, hits, suggestions, nextCursor: hasWords ? nextCursor : null };
    } catch (error) {
      if (asking.signal.aborted) return;
      const known = error instanceof RestError ? error : null;
      this.state.value = {
        kind: 'failed',
        code: known?.code ?? 'internal',
        reason: known?.message ?? 'That did not work.',
      };
    }
    this.busy.value = false;
  }
}
