import * as Y from 'yjs';
import { type Effort, moveCost } from '../core/update-effort.ts';
import type { StructId } from '../core/update-struct.ts';

/** Taking structs out of an array is that much slower than putting one in (measured). */
const MERGE_FACTOR = 16;

type Structs = readonly (Y.Item | Y.GC)[];

/** How many structs move when the item at a known place is divided there; 0 when it need not be. */
export function splitTail(structs: Structs | undefined, id: StructId, side: 'before' | 'behind'): number {
  if (structs === undefined || id.clock >= endOf(structs)) return 0;
  const index = findIndex(structs, id.clock);
  return isInside(structs[index], side === 'before' ? id.clock : id.clock + 1) ? structs.length - index : 0;
}

/**
 * Counts what deleting ranges takes beyond a look at each: dividing an item moves the structs behind it, and so does
 * merging deleted neighbours. Deleted ranges with nothing undeleted in between merge in one go.
 */
export function countDeletion(structs: Structs | undefined, ranges: readonly number[], effort: Effort): void {
  if (structs === undefined) return;
  const known = endOf(structs);
  let mergedUntil = -1;
  for (let at = 0; at < ranges.length && effort.left >= 0; at += 2) {
    const clock = ranges[at] ?? 0;
    const end = Math.min(known, clock + (ranges[at + 1] ?? 0));
    if (clock >= end) continue;
    const first = findIndex(structs, clock);
    let last = first;
    let isNew = structs[first]?.deleted === false;
    while (endClock(structs[last]) < end) {
      last += 1;
      isNew ||= structs[last]?.deleted === false;
    }
    if (!isNew) continue;
    effort.left -= last - first;
    const tail = structs.length - first;
    if (isInside(structs[first], clock)) effort.left -= moveCost(tail);
    if (isInside(structs[last], end)) effort.left -= moveCost(tail);
    const next = endClock(structs[last]) === end ? structs[last + 1] : undefined;
    const isMerging = last > first || next?.deleted === true || structs[first - 1]?.deleted === true;
    if (isMerging && mergedUntil < clock) effort.left -= MERGE_FACTOR * moveCost(tail);
    mergedUntil = next?.deleted === true ? endClock(next) : end;
  }
}

function findIndex(structs: Structs, clock: number): number {
  return Y.findIndexSS(structs as (Y.Item | Y.GC)[], clock);
}

function endClock(struct: Y.Item | Y.GC | undefined): number {
  return struct === undefined ? Infinity : struct.id.clock + struct.length;
}

function endOf(structs: Structs): number {
  return structs.length === 0 ? 0 : endClock(structs.at(-1));
}

/** Whether a clock lies inside an undeleted item, not at its ends. */
function isInside(struct: Y.Item | Y.GC | undefined, clock: number): boolean {
  return struct !== undefined && !struct.deleted && clock > struct.id.clock && clock < struct.id.clock + struct.length;
}
