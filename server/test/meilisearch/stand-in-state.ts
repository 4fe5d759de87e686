import { splitWords } from '@scriptorium/shared/search-words';
import type { IndexDocument } from '../../src/adapters/meilisearch/index-document.ts';
import { passesFilter } from './stand-in-filter.ts';

export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** Code with which the task that the request makes is to fail; `null`: it succeeds. */
  readonly takeFailure: () => string | null;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

interface SearchBody {
  readonly q?: string;
  readonly filter?: (string | string[])[] | string;
  readonly sort?: readonly string[];
  readonly limit?: number;
  readonly offset?: number;
}

const NOW = '2026-01-01T00:00:00Z';

const NO_INDEX: Reply = {
  status: 404,
  body: {
    message: 'Index not found.',
    code: 'index_not_found',
    type: 'invalid_request',
    link: 'https://docs.meilisearch.com/errors#index_not_found',
  },
};

/** Indexes, their documents and the tasks on them; a task is over when its request is answered. */
export class StandInState {
  #indexes = new Map<string, Map<number, IndexDocument>>();
  readonly #tasks: { readonly uid: number; readonly type: string; readonly error: string | null }[] = [];

  handle({ method, path, body, takeFailure }: StandInRequest): Reply {
    const [, first, index = '', third, fourth] = path.split('/');
    const key = `${method} /${first}${third === undefined ? '' : `/_/${third}`}${fourth === undefined ? '' : `/${fourth}`}`;
    const enqueue = (type: string, work: () => string | null): Reply => this.#enqueue(type, takeFailure() ?? work());
    switch (key) {
      case 'post /indexes':
        return enqueue('indexCreation', () => this.#create((body as { readonly uid: string }).uid));
      case 'delete /indexes':
        return enqueue('indexDeletion', () => (this.#indexes.delete(index) ? null : 'index_not_found'));
      case 'patch /indexes/_/settings':
        return enqueue('settingsUpdate', () => null);
      case 'post /indexes/_/compact':
        return enqueue('indexCompaction', () => null);
      case 'post /indexes/_/documents':
        return enqueue('documentAdditionOrUpdate', () => {
          for (const document of body as readonly IndexDocument[]) this.#index(index).set(document.id, document);
          return null;
        });
      case 'post /indexes/_/documents/delete-batch':
        return enqueue('documentDeletion', () => {
          for (const id of body as readonly number[]) this.#index(index).delete(id);
          return null;
        });
      case 'post /swap-indexes':
        return enqueue('indexSwap', () => this.#swap(body as readonly { readonly indexes: readonly string[] }[]));
      case 'post /indexes/_/documents/fetch':
        if (!this.#indexes.has(index)) return NO_INDEX;
        return this.#fetch(index, body as SearchBody & { readonly fields?: readonly string[] });
      case 'post /indexes/_/search':
        if (!this.#indexes.has(index)) return NO_INDEX;
        return this.#search(index, body as SearchBody);
      case 'get /tasks':
        return this.#readTask(Number(index));
      default:
        throw new Error(`the stand-in does not know ${key}`);
    }
  }

  /** Forgets everything, as an engine does whose disk was replaced. */
  lose(): void {
    this.#indexes.clear();
  }

  #index(uid: string): Map<number, IndexDocument> {
    const found = this.#indexes.get(uid) ?? new Map<number, IndexDocument>();
    this.#indexes.set(uid, found);
    return found;
  }

  #create(uid: string): string | null {
    if (this.#indexes.has(uid)) return 'index_already_exists';
    this.#index(uid);
    return null;
  }

  #swap(pairs: readonly { readonly indexes: readonly string[] }[]): null {
    for (const { indexes } of pairs) {
      const [one = '', other = ''] = indexes;
      const kept = this.#index(one);
      this.#indexes.set(one, this.#index(other));
      this.#indexes.set(other, kept);
    }
    return null;
  }

  #enqueue(type: string, error: string | null): Reply {
    const uid = this.#tasks.length;
    this.#tasks.push({ uid, type, error });
    return {
      status: 202,
      body: { taskUid: uid, indexUid: null, status: 'enqueued', type, enqueuedAt: NOW },
    };
  }

  #readTask(uid: number): Reply {
    const task = this.#tasks[uid];
    if (task === undefined) throw new Error(`no task ${uid}`);
    const error =
      task.error === null
        ? null
        : { message: task.error, code: task.error, type: 'invalid_request', link: 'https://docs.meilisearch.com' };
    const status = error === null ? 'succeeded' : 'failed';
    return {
      status: 200,
      body: { uid, status, type: task.type, enqueuedAt: NOW, startedAt: NOW, finishedAt: NOW, error },
    };
  }

  #fetch(
    index: string,
    { filter, limit = 20, offset = 0, fields }: SearchBody & { readonly fields?: readonly string[] },
  ): Reply {
    const found = [...this.#index(index).values()].filter((it) => passesFilter(it, filter));
    const results = found.slice(offset, offset + limit).map((it) => pick(it, fields));
    return { status: 200, body: { results, offset, limit, total: found.length } };
  }

  #search(index: string, { q = '', filter, sort = [], limit = 20, offset = 0 }: SearchBody): Reply {
    const found = [...this.#index(index).values()].filter((it) => passesFilter(it, filter) && isFound(it, q));
    const [order] = sort;
    if (order === 'updatedAt:desc') found.sort((one, other) => other.updatedAt - one.updatedAt);
    if (order === 'name:asc') found.sort((one, other) => (one.name < other.name ? -1 : 1));
    const hits = found.slice(offset, offset + limit).map((it) => ({ ...it, _matchesPosition: {} }));
    return {
      status: 200,
      body: { hits, query: q, processingTimeMs: 0, limit, offset, estimatedTotalHits: found.length },
    };
  }
}

function pick(document: IndexDocument, fields: readonly string[] | undefined): object {
  if (fields === undefined) return document;
  return Object.fromEntries(Object.entries(document).filter(([name]) => fields.includes(name)));
}

/** Whole words and beginnings, all of them; phrases and exclusions in their place. */
function isFound(document: IndexDocument, q: string): boolean {
  const text = [
    document.title,
    document.name,
    ...document.headings,
    ...document.blocks.map((block) => block.text),
  ].join('\n');
  const words = splitWords(text).map(({ word }) => word);
  const line = ` ${words.join(' ')}`;
  return [...q.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].every(([, minus, phrase, word]) => {
    const has =
      phrase === undefined ? line.includes(` ${word}`) : line.includes(` ${phrase} `) || line.endsWith(` ${phrase}`);
    return minus === '-' ? !has : has;
  });
}
