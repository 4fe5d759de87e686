import type { ConsumerCursors } from '../../src/ports/consumer-cursors.ts';
import type { DocumentCatalog } from '../../src/ports/document-catalog.ts';
import type { HistoryIndex } from '../../src/ports/history-index.ts';
import type { LogUpkeep } from '../../src/ports/log-upkeep.ts';
import type { ObjectRegister } from '../../src/ports/object-register.ts';
import type { RowQuarantine } from '../../src/ports/row-quarantine.ts';
import type { SnapshotIndex } from '../../src/ports/snapshot-index.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { UpdateLog } from '../../src/ports/update-log.ts';
import { createMemoryCatalog } from '../support/memory-catalog.ts';
import { createMemoryTables, type Immediate } from '../support/memory-documents.ts';
import { createMemoryHistory, createMemoryRegister, createMemorySnapshotIndex } from '../support/memory-history.ts';
import { createMemorySnapshots } from '../support/memory-snapshots.ts';
import { createMemoryUpdateLog } from '../support/memory-update-log.ts';
import { createMemoryCursors, createMemoryQuarantine, createMemoryUpkeep } from '../support/memory-upkeep.ts';
import { simulateAppend } from './simulated-append.ts';
import type { SharedStore, SimulatedStoreDeps, StorePorts } from './store-ports.ts';
import { createStoreRequests, type StoreRequests } from './store-requests.ts';
import { ignoreFence } from './unfenced-log.ts';

/** @param fenced false plants a store that takes rows of rooms whose document is another one by now */
export function createSharedStore(fenced = true): SharedStore {
  const tables = createMemoryTables();
  const objects = new Map<string, Uint8Array>();
  const log = createMemoryUpdateLog(tables);
  const ports = {
    log: fenced ? log : ignoreFence(log, tables),
    catalog: createMemoryCatalog(tables),
    snapshotIndex: createMemorySnapshotIndex(tables),
    history: createMemoryHistory(tables),
    register: createMemoryRegister(tables),
    upkeep: createMemoryUpkeep(tables),
    cursors: createMemoryCursors(tables),
    quarantine: createMemoryQuarantine(tables),
    snapshots: createMemorySnapshots(objects),
  };
  return { tables, ports, objects, held: new Set() };
}

/** The stores as one node reaches them, over a network that is not there at times. */
export function createSimulatedStores(deps: SimulatedStoreDeps): StorePorts {
  const requests = createStoreRequests(deps, 'store-down');
  const { ports } = deps.store;
  const { catalog, snapshotIndex } = ports;
  const change = <Asked extends unknown[], Result>(method: (...asked: Asked) => Result) => {
    return (...asked: Asked): Result => {
      const result = method(...asked);
      deps.observer.onNames();
      return result;
    };
  };
  return {
    log: { ...askFor<UpdateLog>(requests, ports.log), append: simulateAppend(deps, requests) },
    catalog: askFor<DocumentCatalog>(requests, {
      ...catalog,
      create: change(catalog.create),
      rename: change(catalog.rename),
      remove: change(catalog.remove),
    }),
    snapshotIndex: askFor<SnapshotIndex>(requests, {
      ...snapshotIndex,
      publish: (publication) => {
        const published = snapshotIndex.publish(publication);
        if (published) deps.observer.onSnapshot(publication.documentId);
        return published;
      },
    }),
    history: askFor<HistoryIndex>(requests, ports.history),
    register: askFor<ObjectRegister>(requests, ports.register),
    upkeep: askFor<LogUpkeep>(requests, ports.upkeep),
    cursors: askFor<ConsumerCursors>(requests, ports.cursors),
    quarantine: askFor<RowQuarantine>(requests, ports.quarantine),
    snapshots: askFor<SnapshotStore>(createStoreRequests(deps, 'objects-down'), ports.snapshots),
  };
}

/** A port each of whose methods is one request. */
function askFor<Port extends object>(requests: StoreRequests, port: Immediate<Port>): Port {
  const methods = Object.entries<(...asked: unknown[]) => unknown>(port).map(([name, method]) => [
    name,
    (...asked: unknown[]) => requests.ask(`${name} ${asked.map(describeArgument).join()}`, () => method(...asked)),
  ]);
  return Object.fromEntries(methods) as Port;
}

function describeArgument(argument: unknown): string {
  return typeof argument === 'number' || typeof argument === 'string' ? `${argument}` : '…';
}
