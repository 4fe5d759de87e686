import {
  deleteDatabase,
  openDatabase,
  resultOf,
  STORES,
  type ChangeRow,
  type DatabaseOwner,
} from './offline-database.ts';

/** Number of changes per document that are kept on this device and that the server has not confirmed. */
export async function countKeptChanges(owner: DatabaseOwner): Promise<ReadonlyMap<string, number>> {
  const database = await openDatabase(owner);
  try {
    const store = database.transaction(STORES.changes, 'readonly').objectStore(STORES.changes);
    const rows = (await resultOf(store.getAll())) as ChangeRow[];
    const counts = new Map<string, number>();
    for (const { document } of rows) counts.set(document, (counts.get(document) ?? 0) + 1);
    return counts;
  } finally {
    database.close();
  }
}

/** Removes everything that this device keeps of a user. */
export async function forgetOfflineCopies(owner: DatabaseOwner): Promise<void> {
  await deleteDatabase(owner);
}
