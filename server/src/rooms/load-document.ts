import { ScriptoriumError } from '../core/errors.ts';
import { decodeLogRow, type LogSegment } from '../core/log-row.ts';
import type { SnapshotPointer } from '../ports/snapshot-pointer.ts';
import type { DocumentId, LoadStart } from '../ports/update-log.ts';
import { chooseBase, type LoadBase, type LoadDeps } from './load-base.ts';
import { checkRow, readLog, type LostRange, type ReadRow } from './read-log.ts';

/** A decoded row above the snapshot. */
export interface LoadedRow {
  readonly seq: number;
  readonly segments: readonly LogSegment[];
}

/** A document's committed past, ready to be merged: exactly the rows up to `seq`, but for those in `damage`. */
export interface LoadedDocument {
  readonly epoch: number;
  readonly seq: number;
  /** Encoded state of the snapshot, `null` without one, and where it stands. */
  readonly snapshot: Uint8Array | null;
  readonly snapshotSeq: number;
  /** Rows above the snapshot, decoded, in order. */
  readonly rows: readonly LoadedRow[];
  /** Bytes of the updates in those rows. */
  readonly tailBytes: number;
  /** Rows that are missing or cannot be read, in order; a document without any is whole. */
  readonly damage: readonly LostRange[];
  /** Why the newest snapshot was passed over, if it was. */
  readonly passedOver: 'damaged' | 'unavailable' | null;
}

export interface LoadOptions {
  /** Passes over snapshots from this one on, which were found to be of no use. */
  readonly belowSeq?: number;
}

/** How often a load starts over because the snapshot pointer, or rows, moved under it. */
const MAX_STARTS = 4;

/**
 * Reads a document from the newest snapshot that is of use and the rows above it. A damaged or unreachable snapshot is
 * passed over for an older one and more rows, from history segments too, and at last for all rows.
 *
 * Throws `document-deleted` when it is gone, `storage-unavailable` when a store that is needed does not answer.
 */
export async function loadDocument(
  deps: LoadDeps,
  documentId: DocumentId,
  options: LoadOptions = {},
): Promise<LoadedDocument> {
  let missing: SnapshotPointer | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const start = await deps.log.readLoadStart(documentId);
    if (start === null) throw new ScriptoriumError('document-deleted');
    if (attempt >= MAX_STARTS) missing = start.snapshot;
    const base = await chooseBase(deps, documentId, { start, missing, belowSeq: options.belowSeq ?? Infinity });
    if (base.kind === 'missing') {
      missing = base.pointer;
      continue;
    }
    const tail = await readTail(deps, documentId, { start, base });
    const isTorn = tail.damage.some(({ damage }) => damage === 'missing');
    if (!isTorn || attempt >= MAX_STARTS) return toLoaded(start, base, tail);
  }
}

interface Tail {
  readonly rows: readonly LoadedRow[];
  readonly damage: readonly LostRange[];
}

async function readTail(
  deps: LoadDeps,
  documentId: DocumentId,
  from: { readonly start: LoadStart; readonly base: LoadBase },
): Promise<Tail> {
  const { start, base } = from;
  const rows: LoadedRow[] = [];
  const damage: LostRange[] = [];
  const take = (row: ReadRow): void => {
    const decoded = decode(row);
    if ('damage' in decoded) damage.push(decoded);
    else rows.push(decoded);
  };
  let after = base.seq;
  for (const row of start.rows) {
    if (row.seq !== after + 1 || row.seq > start.head) break;
    after = row.seq;
    take(checkRow(row));
  }
  for await (const page of readLog(deps, documentId, { after, upTo: start.head })) {
    if (page.kind === 'rows') page.rows.forEach(take);
    else damage.push({ fromSeq: page.fromSeq, toSeq: page.toSeq, damage: page.damage });
  }
  return { rows, damage };
}

function decode(row: ReadRow): LoadedRow | LostRange {
  const { seq } = row;
  if (!row.intact) return { fromSeq: seq, toSeq: seq, damage: 'checksum' };
  try {
    return { seq, segments: decodeLogRow(row.payload) };
  } catch {
    return { fromSeq: seq, toSeq: seq, damage: 'undecodable' };
  }
}

function toLoaded(start: LoadStart, base: LoadBase, tail: Tail): LoadedDocument {
  return {
    ...tail,
    epoch: start.epoch,
    seq: start.head,
    snapshot: base.bytes,
    snapshotSeq: base.seq,
    tailBytes: bytesOfRows(tail.rows),
    passedOver: base.passedOver,
  };
}

/** Bytes of the updates in the rows. */
function bytesOfRows(rows: readonly LoadedRow[]): number {
  let bytes = 0;
  for (const { segments } of rows) {
    for (const { updates } of segments) for (const update of updates) bytes += update.byteLength;
  }
  return bytes;
}
