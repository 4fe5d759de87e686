import type { HistoryIndex } from '../../src/ports/history-index.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';

/** The stores of a log from which nothing was archived yet. */
export const noHistory: { readonly history: HistoryIndex; readonly snapshots: SnapshotStore } = {
  history: {
    readProgress: () => Promise.resolve(null),
    publish: () => Promise.resolve(false),
    list: () => Promise.resolve([]),
    locate: () => Promise.resolve(null),
    findAnew: () => Promise.resolve(null),
  },
  snapshots: {
    put: () => Promise.resolve(),
    get: () => Promise.resolve(null),
    remove: () => Promise.resolve(),
  },
};
