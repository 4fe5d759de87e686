import { createRandom } from '../support/random.ts';
import { createFaults } from '../simulation/faults.ts';
import { createLife } from '../simulation/life.ts';
import { createScheduler } from '../simulation/scheduler.ts';
import { createExchange, createSimulatedFanOut } from '../simulation/simulated-fan-out.ts';
import { createSharedStore, createSimulatedStores } from '../simulation/simulated-store.ts';
import type { SharedStore } from '../simulation/store-ports.ts';
import { createTrace } from '../simulation/trace.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** Milliseconds of virtual time that pass at once, while a test waits for an answer. */
const STEP = 5;

/** A medium of the simulation in which nothing goes wrong, and whose time passes by itself. */
export function startCalmWorld() {
  const scheduler = createScheduler((error) => {
    // The ports say that a handler which throws takes nothing from the others.
    if (!(error instanceof Error) || error.message !== 'handler') throw error;
  });
  const faults = createFaults(() => scheduler.now);
  faults.heal();
  const trace = createTrace({ now: () => scheduler.now, keepLines: false });
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      await scheduler.runUntil(scheduler.now + STEP);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  const running = run();
  const ground = (node: string) => ({
    scheduler,
    faults,
    trace,
    node,
    incarnation: node,
    life: createLife(scheduler, node),
    random: createRandom(1),
  });
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
  };
  return { ground, stop };
}

/** The simulation's store, as one node reaches it over the simulated network. */
export function openSimulatedStore(store: SharedStore): StoreUnderTest {
  const world = startCalmWorld();
  const observer = { onRow: () => undefined, onSnapshot: () => undefined, onNames: () => undefined };
  const stores = createSimulatedStores({ ...world.ground('node'), store, observer, roomOf: () => null });
  const documentOf = (documentId: number) => {
    const document = store.tables.documents.get(documentId);
    if (document === undefined) throw new Error(`no document ${documentId}`);
    return document;
  };
  return {
    ...stores,
    damage: {
      readEpoch: (documentId) => Promise.resolve(documentOf(documentId).epoch),
      setEpoch: (documentId, epoch) => {
        documentOf(documentId).epoch = epoch;
        return Promise.resolve();
      },
      addRowAboveHead: (documentId) => {
        const { rows, head } = documentOf(documentId);
        const row = rows.get(head);
        if (row !== undefined) rows.set(head + 1, { ...row, seq: head + 1 });
        return Promise.resolve();
      },
      dropRow: (documentId, seq) => {
        documentOf(documentId).rows.delete(seq);
        return Promise.resolve();
      },
      dropSnapshots: (documentId) => {
        documentOf(documentId).snapshots.clear();
        return Promise.resolve();
      },
    },
    close: () => world.stop(),
  };
}

/** Two nodes' ends of the simulation's fan-out. */
export function openSimulatedFanOuts() {
  const world = startCalmWorld();
  const exchange = createExchange();
  return {
    a: createSimulatedFanOut({ ...world.ground('a'), exchange }),
    b: createSimulatedFanOut({ ...world.ground('b'), exchange }),
    close: () => world.stop(),
  };
}

export { createSharedStore };
