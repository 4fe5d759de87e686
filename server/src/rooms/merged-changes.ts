import * as Y from 'yjs';
import type { DeleteRanges } from '../core/update-structure.ts';

/** Whether a transaction brought anything. New items are in `changed` and deletions in the delete set; only collected structs are in neither. */
export function hasChanged(transaction: Y.Transaction): boolean {
  if (transaction.changed.size > 0 || transaction.deleteSet.clients.size > 0) return true;
  const { beforeState, afterState } = transaction;
  if (beforeState.size !== afterState.size) return true;
  for (const [client, clock] of afterState) if (beforeState.get(client) !== clock) return true;
  return false;
}

/** Whether everything in the ranges is known and deleted. */
export function hasDeleted(store: Y.Doc['store'], { client, ranges }: DeleteRanges): boolean {
  const structs = store.clients.get(client) ?? [];
  const known = Y.getState(store, client);
  for (let index = 0; index < ranges.length; index += 2) {
    const clock = ranges[index] ?? 0;
    const end = clock + (ranges[index + 1] ?? 0);
    if (end > known) return false;
    for (let at = Y.findIndexSS(structs, clock); at < structs.length; at += 1) {
      const struct = structs[at];
      if (struct === undefined || struct.id.clock >= end) break;
      if (!struct.deleted) return false;
    }
  }
  return true;
}

/** What a deletion adds to the encoded state at most, besides its own bytes: it may divide a struct in three. */
export const BYTES_OF_RANGE = 24;

/** How many units a transaction deleted, and in how many ranges. */
export function countDeleted({ deleteSet }: Y.Transaction): { readonly units: number; readonly ranges: number } {
  let [units, ranges] = [0, 0];
  for (const deleted of deleteSet.clients.values()) {
    ranges += deleted.length;
    for (const { len } of deleted) units += len;
  }
  return { units, ranges };
}
