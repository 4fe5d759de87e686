import type { DeleteRanges } from './update-structure.ts';

/**
 * Returns the delete ranges with one entry per client and its ranges in clock order, the same array when they are so
 * already. Yjs writes them so. Read in another order they divide an array of structs from its end to its beginning,
 * which takes quadratic time: 190 KB of them block a server for ten seconds.
 */
export function sortDeletes(deletes: DeleteRanges[]): DeleteRanges[] {
  const clients = new Set<number>();
  const isSorted = deletes.every(({ client, ranges }) => {
    const isFirst = !clients.has(client);
    clients.add(client);
    return isFirst && isAscending(ranges);
  });
  if (isSorted) return deletes;
  const byClient = new Map<number, [number, number][]>();
  for (const { client, ranges } of deletes) {
    const pairs = byClient.get(client) ?? [];
    for (let index = 0; index < ranges.length; index += 2) pairs.push([ranges[index] ?? 0, ranges[index + 1] ?? 0]);
    byClient.set(client, pairs);
  }
  return [...byClient].map(([client, pairs]) => ({ client, ranges: pairs.sort(([a], [b]) => a - b).flat() }));
}

function isAscending(ranges: readonly number[]): boolean {
  for (let index = 2; index < ranges.length; index += 2) {
    if ((ranges[index] ?? 0) < (ranges[index - 2] ?? 0)) return false;
  }
  return true;
}
