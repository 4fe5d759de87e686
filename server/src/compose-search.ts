import { createInProcessLeases } from './adapters/in-process/document-leases.ts';
import { openSqliteSearchIndex } from './adapters/sqlite/search/open-search-index.ts';
import { fallBackSearch } from './adapters/system/fallback-search.ts';
import type { SearchParts } from './api/api-deps.ts';
import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { ConversionThread } from './content/convert-in-thread.ts';
import type { DocumentLeases } from './ports/document-leases.ts';
import type { LiveDocuments } from './ports/live-documents.ts';
import type { SearchIndex } from './ports/search-index.ts';
import type { DocumentId } from './ports/update-log.ts';
import { type NoteChange, hintOfAppends, hintOfCatalog, hintOfRelays } from './workers/search/commit-hints.ts';
import type { ProjectDeps } from './workers/search/project-documents.ts';
import { createSearchProjection, SEARCH_CONSUMER, type SearchProjection } from './workers/search/search-projection.ts';
import { createSearchRebuilds } from './workers/search/search-rebuilds.ts';
import type { Service } from './service.ts';

/** Documents of which the text is read in a thread at the same time; more wait their turn with the worker. */
const READS_WAITING = 16;
/** Milliseconds that reading one document may take. */
const READ_DEADLINE = 20_000;

/** What there is to hear of commits: those of this node, and those of others that it is told of. Must not throw. */
export interface CommitListener {
  readonly own: NoteChange;
  readonly relayed: NoteChange;
}

/** Stores that tell of commits, and how to hear it. */
export function listenToCommits(stores: Stores): {
  readonly stores: Stores;
  readonly onCommit: (listener: CommitListener) => void;
} {
  const listeners = new Set<CommitListener>();
  const note: NoteChange = (documentId, rows) => {
    for (const listener of listeners) listener.own(documentId, rows);
  };
  const noteRelayed: NoteChange = (documentId, rows) => {
    for (const listener of listeners) listener.relayed(documentId, rows);
  };
  const { log, catalog, fanOut } = stores;
  return {
    stores: {
      ...stores,
      log: hintOfAppends(log, note),
      catalog: hintOfCatalog(catalog, note),
      fanOut: fanOut.shared ? hintOfRelays(fanOut, noteRelayed) : fanOut,
    },
    onCommit: (listener) => void listeners.add(listener),
  };
}

/** What a node needs to be searched. */
export interface Search {
  readonly parts: Omit<SearchParts, 'freshen'>;
  /** Drained while the stores are there. */
  readonly services: readonly Service[];
  /** Leaves nothing of documents in this node's index, before they are removed for good. */
  readonly erase: (documentIds: readonly DocumentId[]) => Promise<void>;
  /** Told of a document of which something changed that is no commit of this node. */
  readonly note: (documentId: DocumentId) => void;
}

interface SearchDeps {
  readonly ground: Ground;
  readonly stores: Stores;
  readonly documents: LiveDocuments;
  readonly onCommit: (listener: CommitListener) => void;
}

/** The index that the configuration names, what keeps it level with the log, and its rebuilds. */
export async function createSearch(deps: SearchDeps): Promise<Search | null> {
  const { config, clock, telemetry } = deps.ground;
  if (config.search === null) {
    // Rows are not kept for somebody who does not come.
    await deps.stores.cursors.unregister(SEARCH_CONSUMER);
    return null;
  }
  const conversions = new ConversionThread({ clock, deadline: READ_DEADLINE, queueMax: READS_WAITING });
  const own = (): SearchIndex => openSqliteSearchIndex({ directory: config.dataDir, clock, log: telemetry.log });
  const { engine, fallback } = config.search;
  const first = follow(deps, {
    conversions,
    index: engine === null ? own() : await openEngine(deps.ground, engine),
    isShared: engine !== null,
  });
  const second = fallback ? follow(deps, { conversions, index: own(), isShared: false }) : null;
  const followers = second === null ? [first] : [first, second];
  const rebuilds = createSearchRebuilds({ ...first.project, catchUp: () => first.projection.catchUp() });
  const closing: Service = {
    name: 'search-index',
    drain: async () => {
      await conversions.close();
      await Promise.all(followers.map(({ project }) => project.index.close()));
    },
  };
  const erase: Search['erase'] = async (documentIds) => {
    for (const { project } of followers) {
      await project.index.remove(documentIds);
      // Freed bytes go in a step of its own, which takes long in a large index; it is made again with the next ones.
      await project.index.erase(documentIds).catch((error: unknown) => {
        telemetry.log.warn('search_erasure_failed', { documents: documentIds.length }, error);
      });
    }
  };
  const note: Search['note'] = (documentId) => {
    for (const { projection } of followers) projection.note(documentId, 1);
  };
  return {
    parts: {
      index: second === null ? first.project.index : fallBackSearch(first.project.index, second.project.index),
      directory: deps.stores.directory,
      rebuilds,
      wake: async () => {
        await Promise.all(followers.map(({ projection }) => projection.wake()));
      },
    },
    services: [rebuilds, ...followers.map(({ projection }) => projection), closing],
    erase,
    note,
  };
}

interface Followed {
  readonly index: SearchIndex;
  /** Whether the index is that of all nodes. */
  readonly isShared: boolean;
  readonly conversions: ConversionThread;
}

function follow(deps: SearchDeps, { index, isShared, conversions }: Followed) {
  const { ground, stores, documents, onCommit } = deps;
  const { clock, telemetry, node } = ground;
  const hasOtherNodes = ground.config.stores.database !== null;
  const { cursors, directory, log, searchDeadLetters: deadLetters } = stores;
  const leases: DocumentLeases = isShared && hasOtherNodes ? stores.searchLeases : createInProcessLeases();
  const project: ProjectDeps = {
    index,
    leases,
    directory,
    deadLetters,
    documents,
    log,
    conversions,
    clock,
    telemetry,
    node,
  };
  const followsAll = !isShared && hasOtherNodes;
  const projection: SearchProjection = createSearchProjection({
    ...project,
    cursors,
    followsAll,
    // Of an index of all nodes, the searches of the others are not heard.
    hearsSearches: !isShared,
  });
  const note: NoteChange = (documentId, rows) => {
    projection.note(documentId, rows);
  };
  // Into an index of all nodes it comes from the node that committed it.
  onCommit({ own: note, relayed: followsAll ? note : () => undefined });
  return { project, projection };
}

/** The client of Meilisearch is loaded only by those who use one. */
async function openEngine(
  { telemetry }: Ground,
  engine: { readonly url: string; readonly apiKey: string | null; readonly index: string },
): Promise<SearchIndex> {
  const { openMeilisearch } = await import('./adapters/meilisearch/open-meilisearch.ts');
  return openMeilisearch({ ...engine, log: telemetry.log });
}
