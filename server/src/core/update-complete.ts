import { STRUCT_KIND } from './update-content.ts';
import { createStructPlace, readStructPlace } from './update-struct.ts';
import type { ParsedUpdate } from './update-structure.ts';

/** The end of each client's structs. */
type Ends = ReadonlyMap<number, number>;

/**
 * The state vector of updates that are a whole document together, in their order: no client's structs begin late or leave
 * something out, and nothing refers to a struct that is not in them, or deletes one. Yjs would keep such an update
 * waiting, without a word. `null` when they are none.
 */
export function stateVectorOfWhole(updates: readonly ParsedUpdate[]): Ends | null {
  const ends = new Map<number, number>();
  for (const { blocks } of updates) {
    for (const { client, clock, endClock, hasSkip } of blocks) {
      const known = ends.get(client) ?? 0;
      if (hasSkip || clock > known) return null;
      ends.set(client, Math.max(known, endClock));
    }
  }
  return updates.every((update) => refersWithin(update, ends)) ? ends : null;
}

/** Whether an update is a whole document by itself. */
export function isCompleteState(parsed: ParsedUpdate): boolean {
  return stateVectorOfWhole([parsed]) !== null;
}

function refersWithin({ bytes, blocks, deletes }: ParsedUpdate, ends: Ends): boolean {
  const has = (client: number, clock: number): boolean => client === -1 || clock < (ends.get(client) ?? 0);
  const place = createStructPlace();
  const areStructsWithin = blocks.every(({ starts }) =>
    starts.every((start) => {
      if (bytes[start] === STRUCT_KIND.gc) return true;
      readStructPlace(bytes, start, place);
      return (
        has(place.originClient, place.originClock) &&
        has(place.rightClient, place.rightClock) &&
        has(place.parentClient, place.parentClock)
      );
    }),
  );
  return areStructsWithin && deletes.every(({ client, ranges }) => endOf(ranges) <= (ends.get(client) ?? 0));
}

/** The clock behind the furthest range; they may overlap. */
function endOf(ranges: readonly number[]): number {
  let end = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    end = Math.max(end, (ranges[index] ?? 0) + (ranges[index + 1] ?? 0));
  }
  return end;
}
