import type { ClientBlock } from '../../core/update-structure.ts';
import { parseStored, type HistoryRow } from './authorship.ts';

/** A time in which one person worked without a longer pause. */
export interface Sitting {
  readonly actor: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Wall-clock milliseconds of the first and the last row. */
  readonly from: number;
  readonly to: number;
  /** Characters of text that came in. */
  readonly inserted: number;
  /** Units that were deleted: characters, and one for each node or format. */
  readonly deleted: number;
}

/** Kind of a struct that holds text, in the low five bits of its first byte. */
const TEXT_STRUCT = 4;
const KIND_BITS = 31;

/** Groups rows, in order, into sittings; one ends after a pause of `pause` milliseconds. In order of their start. */
export function groupSittings(rows: Iterable<HistoryRow>, pause: number): readonly Sitting[] {
  const sittings: Sitting[] = [];
  const current = new Map<string, number>();
  for (const { seq, at, segments } of rows) {
    for (const { actor, updates } of segments) {
      const { inserted, deleted } = measure(updates);
      const index = current.get(actor) ?? -1;
      const open = sittings[index];
      if (open !== undefined && at - open.to <= pause) {
        sittings[index] = {
          ...open,
          toSeq: seq,
          to: at,
          inserted: open.inserted + inserted,
          deleted: open.deleted + deleted,
        };
        continue;
      }
      current.set(actor, sittings.length);
      sittings.push({ actor, fromSeq: seq, toSeq: seq, from: at, to: at, inserted, deleted });
    }
  }
  return sittings;
}

function measure(updates: readonly Uint8Array[]): { readonly inserted: number; readonly deleted: number } {
  let inserted = 0;
  let deleted = 0;
  for (const update of updates) {
    const parsed = parseStored(update);
    if (parsed === null) continue;
    for (const block of parsed.blocks) inserted += textIn(update, block);
    for (const { ranges } of parsed.deletes) for (let at = 1; at < ranges.length; at += 2) deleted += ranges[at] ?? 0;
  }
  return { inserted, deleted };
}

function textIn(update: Uint8Array, { clocks, starts, endClock }: ClientBlock): number {
  let length = 0;
  for (const [index, clock] of clocks.entries()) {
    const kind = (update[starts[index] ?? 0] ?? 0) & KIND_BITS;
    if (kind === TEXT_STRUCT) length += (clocks[index + 1] ?? endClock) - clock;
  }
  return length;
}
