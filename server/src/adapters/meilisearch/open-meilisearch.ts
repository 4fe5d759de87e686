import { BrokenCircuitError } from 'cockatiel';
import { type Index, Meilisearch, MeilisearchApiError, type Task } from 'meilisearch';
import { ScriptoriumError } from '../../core/errors.ts';
import type {
  IndexedState,
  IndexRebuild,
  SearchEntry,
  SearchIndex,
  SearchPage,
  SearchRequest,
} from '../../ports/search-index.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { INDEX_SETTINGS, type IndexDocument, toIndexDocument, toIndexedState } from './index-document.ts';
import { type MatchesPosition, toHit } from './search-hit.ts';
import { toFilter, toQueryText } from './search-query-text.ts';
import { SparedEngine } from './spared-engine.ts';

export interface MeilisearchDeps {
  /** `http://host:7700` */
  readonly url: string;
  readonly apiKey: string | null;
  /** Name of the index; a rebuild uses it with `-rebuild` behind it. */
  readonly index: string;
  readonly log: Logger;
  /** Milliseconds; tests make them short. */
  readonly timeouts?: { readonly request: number; readonly task: number };
  /** Milliseconds for which nothing is searched after calls failed; tests make it short or long. */
  readonly openFor?: number;
}

const TIMEOUTS = { request: 5_000, task: 60_000 } as const;
const READ_BATCH = 1_000;
/** Answers of an engine that has not, or not any more, what was made there. */
const LOST: ReadonlySet<string | undefined> = new Set([
  'index_not_found',
  'invalid_search_filter',
  'invalid_document_filter',
]);

/** The search index on Meilisearch: one index for all tenants, each search filtered by its own. */
export function openMeilisearch(deps: MeilisearchDeps): SearchIndex {
  return new MeilisearchIndex(deps);
}

class MeilisearchIndex implements SearchIndex {
  readonly #deps: MeilisearchDeps;
  readonly #client: Meilisearch;
  readonly #engine: SparedEngine;
  #prepared: Promise<void> | null = null;
  /** Until whoever keeps it level knows that it has to begin from the beginning. */
  #hasLost = false;

  constructor(deps: MeilisearchDeps) {
    const { request, task } = deps.timeouts ?? TIMEOUTS;
    this.#deps = deps;
    this.#client = new Meilisearch({
      host: deps.url,
      ...(deps.apiKey === null ? {} : { apiKey: deps.apiKey }),
      timeout: request,
      defaultWaitOptions: { timeout: task, interval: 50 },
    });
    this.#engine = new SparedEngine(deps);
  }

  async write(entries: readonly SearchEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const indexed = await this.readIndexed(entries.map((entry) => entry.documentId));
    const newer = entries.filter((entry) => {
      const known = indexed.get(entry.documentId);
      return (
        known === undefined || known.epoch < entry.epoch || (known.epoch === entry.epoch && known.seq <= entry.seq)
      );
    });
    if (newer.length > 0) await this.#ask(() => this.#put(this.#index(), newer));
  }

  async remove(documentIds: readonly DocumentId[]): Promise<void> {
    await this.#ask(async () =>
      done(
        await this.#index()
          .deleteDocuments([...documentIds])
          .waitTask(),
      ),
    );
  }

  async erase(documentIds: readonly DocumentId[]): Promise<void> {
    await this.remove(documentIds);
    // Deleted documents stay in the file's free pages until it is written anew.
    await this.#ask(async () => done(await this.#index().compact().waitTask()));
  }

  async readIndexed(documentIds: readonly DocumentId[]): ReturnType<SearchIndex['readIndexed']> {
    if (this.#hasLost) {
      // Behind a failure everything is compared.
      this.#hasLost = false;
      throw new ScriptoriumError('search-unavailable', 'Meilisearch has lost what it had');
    }
    const states = new Map<DocumentId, IndexedState>();
    for (let from = 0; from < documentIds.length; from += READ_BATCH) {
      const ids = documentIds.slice(from, from + READ_BATCH);
      const query = {
        filter: `id IN [${ids.join(', ')}]`,
        fields: ['id', 'format', 'epoch', 'seq', 'name'] as const,
        limit: ids.length,
      };
      const { results } = await this.#ask(() =>
        this.#index().getDocuments<IndexDocument>({ ...query, fields: [...query.fields] }),
      );
      for (const found of results) states.set(found.id, toIndexedState(found));
    }
    return states;
  }

  async search(request: SearchRequest): Promise<SearchPage> {
    if (request.names?.length === 0) return { hits: [], nextOffset: null };
    const sort = { relevance: [], updated: ['updatedAt:desc'], name: ['name:asc'] }[request.sort];
    const answer = await this.#askForPeople(() =>
      this.#index().search<IndexDocument>(toQueryText(request.query), {
        filter: toFilter(request),
        // One more than the page needs tells whether there is a next one.
        limit: request.limit + 1,
        offset: request.offset,
        matchingStrategy: 'all',
        showMatchesPosition: true,
        ...(sort.length > 0 ? { sort } : {}),
      }),
    );
    const hits = answer.hits.slice(0, request.limit);
    return {
      hits: hits.map((hit) => toHit(hit, (hit._matchesPosition ?? {}) as MatchesPosition, request)),
      nextOffset: answer.hits.length > request.limit ? request.offset + request.limit : null,
    };
  }

  async beginRebuild(): Promise<IndexRebuild> {
    const name = `${this.#deps.index}-rebuild`;
    const fresh = this.#client.index<IndexDocument>(name);
    const drop = async (): Promise<void> => {
      await this.#ask(async () => unless('index_not_found', await this.#client.deleteIndex(name).waitTask()));
    };
    await drop();
    await this.#ask(() => this.#setUp(name));
    return {
      write: (entries) => this.#ask(() => this.#put(fresh, entries)),
      finish: async () => {
        const { index } = this.#deps;
        await this.#ask(async () =>
          done(await this.#client.swapIndexes([{ indexes: [index, name], rename: false }]).waitTask()),
        );
        await drop();
      },
      abandon: drop,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #index(): Index<IndexDocument> {
    return this.#client.index<IndexDocument>(this.#deps.index);
  }

  async #put(index: Index<IndexDocument>, entries: readonly SearchEntry[]): Promise<void> {
    done(await index.addDocuments(entries.map(toIndexDocument)).waitTask());
  }

  /** Makes the index and its settings; whoever comes second finds them there. */
  async #setUp(name: string): Promise<void> {
    unless('index_already_exists', await this.#client.createIndex(name, { primaryKey: 'id' }).waitTask());
    done(await this.#client.index(name).updateSettings(INDEX_SETTINGS).waitTask());
  }

  /** For whoever keeps the index, which is asked whatever is known of the engine. */
  #ask<T>(question: () => Promise<T>): Promise<T> {
    return this.#explained(() => this.#engine.keep(() => this.#whenPrepared(question)));
  }

  /** For people who search, and must not wait for an engine that is known to be away. */
  #askForPeople<T>(question: () => Promise<T>): Promise<T> {
    return this.#explained(() => this.#engine.search(() => this.#whenPrepared(question)));
  }

  async #whenPrepared<T>(question: () => Promise<T>): Promise<T> {
    this.#prepared ??= this.#setUp(this.#deps.index);
    await this.#prepared.catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return question();
  }

  async #explained<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof MeilisearchApiError && LOST.has(error.cause?.code)) {
        // Made anew by the next question.
        this.#prepared = null;
        this.#hasLost = true;
      }
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): ScriptoriumError {
    if (error instanceof ScriptoriumError) return error;
    if (error instanceof BrokenCircuitError) {
      return new ScriptoriumError('search-unavailable', 'Meilisearch failed too often of late');
    }
    if (error instanceof MeilisearchApiError && [401, 403].includes(error.response.status)) {
      this.#deps.log.error('search_key_refused', { code: error.cause?.code });
    }
    return new ScriptoriumError('search-unavailable', 'Meilisearch does not answer', { cause: error });
  }
}

/** Throws when Meilisearch took a task and did not do it: `internal` when it never will, as the task stands. */
function done(task: Task): void {
  if (task.status === 'succeeded') return;
  const code = task.error?.type === 'invalid_request' ? 'internal' : 'search-unavailable';
  throw new ScriptoriumError(code, `Meilisearch did not do a task: ${task.error?.code ?? task.status}`);
}

function unless(expected: string, task: Task): void {
  if (task.error?.code !== expected) done(task);
}
