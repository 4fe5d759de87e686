import { encodeLogRow, type LogSegment } from './log-row.ts';

/** What a room has applied but the log does not hold yet, in the room's order. */
export interface PendingRow {
  push(actor: string, update: Uint8Array): void;
  /** Puts the updates of an earlier row, which the store turned away for now, in front again. */
  unshift(row: readonly LogSegment[]): void;
  /** Removes and returns all of it; consecutive updates of one actor share a segment. */
  take(): readonly LogSegment[];
  peek(): readonly LogSegment[];
  readonly empty: boolean;
}

export function createPendingRow(): PendingRow {
  return new PendingSegments();
}

class PendingSegments implements PendingRow {
  #segments: { actor: string; updates: Uint8Array[] }[] = [];

  push(actor: string, update: Uint8Array): void {
    const last = this.#segments.at(-1);
    if (last?.actor === actor) last.updates.push(update);
    else this.#segments.push({ actor, updates: [update] });
  }

  unshift(row: readonly LogSegment[]): void {
    const earlier = row.map((segment) => ({ actor: segment.actor, updates: [...segment.updates] }));
    this.#segments = [...earlier, ...this.#segments];
  }

  take(): readonly LogSegment[] {
    const taken = this.#segments;
    this.#segments = [];
    return taken;
  }

  peek(): readonly LogSegment[] {
    return this.#segments;
  }

  get empty(): boolean {
    return this.#segments.length === 0;
  }
}

/** The updates of a row in order, without their actors. */
export function updatesOf(segments: readonly LogSegment[]): readonly Uint8Array[] {
  const [first] = segments;
  if (segments.length === 1 && first !== undefined) return first.updates;
  return segments.flatMap((segment) => segment.updates);
}

/** Bytes of the updates together. */
export function bytesOf(updates: readonly Uint8Array[]): number {
  return updates.reduce((sum, update) => sum + update.byteLength, 0);
}

/** Bytes of the row that the segments make. */
export function encodePendingRow(segments: readonly LogSegment[]): Uint8Array | null {
  return segments.length === 0 ? null : encodeLogRow(segments);
}
