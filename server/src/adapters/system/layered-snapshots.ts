import type { SnapshotStore } from '../../ports/snapshot-store.ts';

/** Objects that are written to one store, and read from an older one where they are not in the first. */
export function layerSnapshots(first: SnapshotStore, older: SnapshotStore): SnapshotStore {
  return {
    put: (key, bytes) => first.put(key, bytes),
    get: async (key) => (await first.get(key)) ?? older.get(key),
    remove: async (key) => {
      await first.remove(key);
      await older.remove(key);
    },
  };
}
