import { getCompileCacheDir } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ScriptoriumError } from '../../../core/errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { IndexRebuild, SearchEntry, SearchIndex, SearchPage, SearchRequest } from '../../../ports/search-index.ts';
import type { DocumentId } from '../../../ports/update-log.ts';
import type { Logger } from '../../../ports/telemetry.ts';
import { makeDirectory } from '../make-directory.ts';
import { WorkerLink } from '../worker-link.ts';
import type { SearchProtocol } from './search-messages.ts';

export interface SqliteSearchDeps {
  /** `DATA_DIR`; made if it is missing, since documents may be somewhere else. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Starts the search thread on the index's file; tests take hold of it here. */
  readonly startWorker?: (file: string) => Worker;
}

const INDEX_FILE = 'search.sqlite';
type Link = WorkerLink<SearchProtocol>;

/**
 * The embedded search index: a file and a thread of its own, so that neither indexing nor searching ever holds up an
 * append. The thread starts with the first call, and again after it died.
 */
export function openSqliteSearchIndex(deps: SqliteSearchDeps): SearchIndex {
  return new SqliteSearchIndex(deps);
}

class SqliteSearchIndex implements SearchIndex {
  readonly #deps: SqliteSearchDeps;
  #link: Promise<Link> | null = null;
  #closed = false;

  constructor(deps: SqliteSearchDeps) {
    this.#deps = deps;
  }

  async write(entries: readonly SearchEntry[]): Promise<void> {
    await this.#writeTo(null, entries);
  }

  async remove(documentIds: readonly DocumentId[]): Promise<void> {
    await this.#ask((link) => link.send({ kind: 'remove', documentIds, thorough: false }));
  }

  async erase(documentIds: readonly DocumentId[]): Promise<void> {
    await this.#ask((link) => link.send({ kind: 'remove', documentIds, thorough: true }));
  }

  async readIndexed(documentIds: readonly DocumentId[]): ReturnType<SearchIndex['readIndexed']> {
    const states = await this.#ask((link) => link.send({ kind: 'read-indexed', documentIds }));
    return new Map(states.map(({ documentId, ...state }) => [documentId, state]));
  }

  search(request: SearchRequest): Promise<SearchPage> {
    return this.#ask((link) => link.send({ kind: 'search', request }));
  }

  async beginRebuild(): Promise<IndexRebuild> {
    const generation = await this.#ask((link) => link.send({ kind: 'begin-rebuild' }));
    return {
      write: (entries) => this.#writeTo(generation, entries),
      finish: async () => void (await this.#ask((link) => link.send({ kind: 'finish-rebuild', generation }))),
      abandon: async () => void (await this.#ask((link) => link.send({ kind: 'abandon-rebuild', generation }))),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const link = await this.#link?.catch(() => null);
    await link?.send({ kind: 'close' }).catch(() => link.terminate());
    await link?.ended;
  }

  async #writeTo(generation: number | null, entries: readonly SearchEntry[]): Promise<void> {
    await this.#ask((link) => link.send({ kind: 'write', generation, entries }));
  }

  async #ask<T>(question: (link: Link) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ScriptoriumError('search-unavailable', 'the search index is closed');
    try {
      this.#link ??= this.#start();
      return await question(await this.#link);
    } catch (error) {
      if (error instanceof ScriptoriumError && error.code !== 'storage-unavailable') throw error;
      throw new ScriptoriumError('search-unavailable', 'the search index does not answer', { cause: error });
    }
  }

  /** One that could not be started is forgotten, so that the next call tries again. */
  #start(): Promise<Link> {
    const started = this.#open();
    started.catch(() => {
      if (this.#link === started) this.#link = null;
    });
    return started;
  }

  async #open(): Promise<Link> {
    const { clock, log, startWorker = startSearchWorker } = this.#deps;
    const directory = resolve(this.#deps.directory);
    await makeDirectory(directory);
    const link: Link = new WorkerLink<SearchProtocol>({
      worker: startWorker(join(directory, INDEX_FILE)),
      clock,
      onEnd: (cause) => {
        this.#link = null;
        if (cause !== null) log.error('search_worker_ended', {}, cause);
      },
    });
    await link.ready;
    return link;
  }
}

/** Starts the search thread: the source beside this file or, in the built server, the bundle beside the main one. */
export function startSearchWorker(file: string): Worker {
  const name = import.meta.url.endsWith('.ts') ? './search-worker.ts' : './search-worker.mjs';
  const compileCache = getCompileCacheDir();
  return new Worker(new URL(name, import.meta.url), {
    name: 'search',
    workerData: { file },
    execArgv: [],
    // By itself V8 takes up to 96 MB for what was just made, and keeps them.
    resourceLimits: { maxYoungGenerationSizeMb: 24 },
    env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compileCache) },
  });
}
