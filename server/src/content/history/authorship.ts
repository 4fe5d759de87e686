import type { LogSegment } from '../../core/log-row.ts';
import { defaultUpdateLimits } from '../../core/limits.ts';
import { parseUpdate, type ParsedUpdate } from '../../core/update-parser.ts';
import { ClockRanges } from './clock-ranges.ts';

/** A row of the log as the history reads it. */
export interface HistoryRow {
  readonly seq: number;
  /** Wall-clock milliseconds of its commit. */
  readonly at: number;
  readonly segments: readonly LogSegment[];
}

/** One actor's part of one row. */
export interface Edit {
  readonly actor: string;
  readonly seq: number;
  readonly at: number;
}

/** A stretch of clocks of one client that one edit brought or deleted; `edit` is null where the log does not say. */
export interface AttributedRange {
  readonly from: number;
  readonly to: number;
  readonly edit: Edit | null;
}

/** Who first brought, and who first deleted, every struct of a document. */
export interface Authorship {
  /** Divides a range of a client's clocks by who brought them. */
  insertedBy(client: number, from: number, to: number): readonly AttributedRange[];
  /** Divides a range of a client's clocks by who deleted them. */
  deletedBy(client: number, from: number, to: number): readonly AttributedRange[];
}

/**
 * Reads from rows, in order, who wrote what: a few numbers for each stretch of clocks that an update brought or
 * deleted, whatever its length. Rows that start above 1 leave open who wrote what was there before.
 */
export function collectAuthorship(rows: Iterable<HistoryRow>): Authorship {
  const edits: Edit[] = [];
  const inserted = new Map<number, ClockRanges>();
  const deleted = new Map<number, ClockRanges>();
  for (const { seq, at, segments } of rows) {
    for (const { actor, updates } of segments) {
      edits.push({ actor, seq, at });
      for (const update of updates) addUpdate(update, edits.length - 1);
    }
  }
  const divide = (ranges: ClockRanges | undefined, from: number, to: number): readonly AttributedRange[] =>
    ranges === undefined
      ? [{ from, to, edit: null }]
      : ranges.divide(from, to).map((part) => ({ from: part.from, to: part.to, edit: edits[part.label] ?? null }));
  return {
    insertedBy: (client, from, to) => divide(inserted.get(client), from, to),
    deletedBy: (client, from, to) => divide(deleted.get(client), from, to),
  };

  function addUpdate(update: Uint8Array, label: number): void {
    const parsed = parseStored(update);
    if (parsed === null) return;
    for (const { client, clock, endClock } of parsed.blocks) rangesOf(inserted, client).add(clock, endClock, label);
    for (const { client, ranges } of parsed.deletes) {
      const known = rangesOf(deleted, client);
      for (let index = 0; index < ranges.length; index += 2) {
        const clock = ranges[index] ?? 0;
        known.add(clock, clock + (ranges[index + 1] ?? 0), label);
      }
    }
  }
}

/** An update of the log; `null` for one that the gate of today would not take. */
export function parseStored(update: Uint8Array): ParsedUpdate | null {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  return parsed.kind === 'parsed' ? parsed : null;
}

function rangesOf(all: Map<number, ClockRanges>, client: number): ClockRanges {
  const known = all.get(client);
  if (known !== undefined) return known;
  const fresh = new ClockRanges();
  all.set(client, fresh);
  return fresh;
}
