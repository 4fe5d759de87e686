import * as Y from 'yjs';
import type { CounterName } from '../../src/ports/telemetry.ts';
import type { DocumentId } from '../../src/ports/update-log.ts';
import { Cluster } from './cluster.ts';
import { createFaults } from './faults.ts';
import type { ModelClient } from './model-client.ts';
import type { Size } from './operations.ts';
import { createOracle, createPassiveDoc, summarize, type Oracle } from './oracle.ts';
import type { Plant } from './plants.ts';
import type { RandomStreams } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';
import { createSharedStore } from './simulated-store.ts';
import type { SharedStore, StoreObserver } from './store-ports.ts';
import { readNewestSnapshot } from './stored-snapshot.ts';
import { createTrace } from './trace.ts';
import { createWatchedClient } from './watched-client.ts';
import { toName, type Counts, type World } from './world.ts';

/** What no node has reason to count here. */
const FORBIDDEN_COUNTS: ReadonlySet<CounterName> = new Set(['relay_malformed_total', 'documents_quarantined_total']);

/** Puts nodes, stores and clients together; the nodes are up, the clients not yet connected. */
export function createWorld(
  options: { readonly size: Size; readonly plant: Plant | null; readonly keepLines: boolean },
  ground: {
    readonly streams: RandomStreams;
    readonly scheduler: Scheduler;
    readonly find: (finding: string) => void;
  },
): World {
  const { streams, scheduler, find } = ground;
  const { size, plant } = options;
  const trace = createTrace({ now: () => scheduler.now, keepLines: options.keepLines });
  const faults = createFaults(() => scheduler.now);
  const store = createSharedStore(plant !== 'no-epoch-fence');
  const oracle = createOracle();
  const counts: Counts = { edits: 0, saved: 0, rows: 0, forks: 0 };
  const changed = { names: 0 };
  const clients: ModelClient[] = [];
  const onCount = (name: CounterName, by: number): void => {
    counts[name] = (counts[name] ?? 0) + by;
    if (FORBIDDEN_COUNTS.has(name)) find(`a node counts ${name}`);
  };
  const onNames = (): void => void (changed.names = scheduler.now);
  const observer = { ...watchStore({ store, oracle, counts, find }), onNames };
  const clusterDeps = { scheduler, streams, faults, trace, store, plant, observer, onFinding: find, onCount };
  const world: World = {
    scheduler,
    streams,
    faults,
    trace,
    store,
    oracle,
    cluster: new Cluster(clusterDeps, size.nodes),
    clients,
    names: Array.from({ length: size.documents }, (_, index) => toName(`document-${index + 1}`)),
    saved: new Map(),
    doomed: new Set(),
    counts,
    changed,
    find,
  };
  for (let index = 0; index < size.clients; index += 1) clients.push(createWatchedClient(world, index));
  return world;
}

/** Holds what becomes durable against what it should be. */
function watchStore({
  store,
  oracle,
  counts,
  find,
}: Pick<World, 'store' | 'oracle' | 'counts' | 'find'>): Pick<StoreObserver, 'onRow' | 'onSnapshot'> {
  return {
    onRow: (committed) => {
      counts.rows += 1;
      // A deleted document takes nothing, so what is in such a row is not durable.
      if (store.tables.documents.get(committed.documentId)?.live !== true) return;
      const wrong = oracle.addRow(committed);
      if (wrong !== null) find(wrong);
    },
    onSnapshot: (documentId) => {
      const wrong = checkSnapshot(store, oracle, documentId);
      if (wrong !== null) find(wrong);
    },
  };
}

/** A snapshot is the state of its sequence number, no more and no less. */
function checkSnapshot(store: SharedStore, oracle: Oracle, documentId: DocumentId): string | null {
  const seq = store.tables.documents.get(documentId)?.snapshotSeq ?? 0;
  const bytes = readNewestSnapshot(store, documentId);
  if (bytes === null) return `the snapshot of document ${documentId} at ${seq} is not there`;
  const doc = createPassiveDoc();
  Y.applyUpdate(doc, bytes);
  if (summarize(doc) === oracle.of(documentId).states[seq]) return null;
  return `the snapshot of document ${documentId} at ${seq} is not the state of its rows`;
}
