import { hash, timingSafeEqual } from 'node:crypto';
import { ScriptoriumError } from '../core/errors.ts';
import { decodeLogRow, type LogSegment } from '../core/log-row.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId, LoadStart, LogRow, SnapshotPointer, UpdateLog } from '../ports/update-log.ts';

/** A document's committed past, ready to be merged: exactly the rows up to `seq`, no more and no less. */
export interface LoadedDocument {
  readonly epoch: number;
  readonly seq: number;
  /** Encoded state of the snapshot, `null` without one, and where it stands. */
  readonly snapshot: Uint8Array | null;
  readonly snapshotSeq: number;
  /** Rows above the snapshot, decoded, in order. */
  readonly rows: readonly { readonly seq: number; readonly segments: readonly LogSegment[] }[];
  /** Payload bytes of those rows. */
  readonly tailBytes: number;
}

export interface LoadDeps {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly telemetry: Telemetry;
}

const PAGE = 1_000;
/** How often a load starts over because the snapshot pointer moved under it. */
const MAX_STARTS = 5;

/** SHA-256 of the bytes, hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/**
 * Reads a document from snapshot and log. Throws `document-deleted` when it is gone, `document-quarantined` when what
 * is stored cannot be read, `storage-unavailable` when a store does not answer.
 */
export async function loadDocument(deps: LoadDeps, documentId: DocumentId): Promise<LoadedDocument> {
  for (let attempt = 0; attempt < MAX_STARTS; attempt += 1) {
    const start = await deps.log.readLoadStart(documentId);
    if (start === null) throw new ScriptoriumError('document-deleted');
    const base = await readSnapshot(deps, documentId, start);
    const rows = await readTail(deps, documentId, { after: base.seq, head: start.head });
    if (rows === null) continue;
    return {
      epoch: start.epoch,
      seq: start.head,
      snapshot: base.bytes,
      snapshotSeq: base.seq,
      rows: rows.map((row) => ({ seq: row.seq, segments: decodeRow(row) })),
      tailBytes: rows.reduce((sum, row) => sum + row.payload.byteLength, 0),
    };
  }
  throw new ScriptoriumError('document-quarantined', 'the log has a gap');
}

/** The newest snapshot whose checksum holds; a damaged one is passed over for the one before it, then for the whole log. */
async function readSnapshot(
  deps: LoadDeps,
  documentId: DocumentId,
  start: LoadStart,
): Promise<{ readonly seq: number; readonly bytes: Uint8Array | null }> {
  for (const pointer of [start.snapshot, start.previousSnapshot]) {
    if (pointer === null) continue;
    const bytes = await deps.snapshots.get(pointer.key);
    if (bytes !== null && isIntact(bytes, pointer)) return { seq: pointer.seq, bytes };
    deps.telemetry.metrics.count('snapshot_checksum_failures_total');
    deps.telemetry.log.error('snapshot_damaged', { documentId, seq: pointer.seq, missing: bytes === null });
  }
  return { seq: 0, bytes: null };
}

export function isIntact(bytes: Uint8Array, pointer: SnapshotPointer): boolean {
  return bytes.byteLength === pointer.bytes && sha256Hex(bytes) === pointer.sha256;
}

/** Rows `after + 1 … head`, or `null` when one of them is not there. */
async function readTail(
  deps: LoadDeps,
  documentId: DocumentId,
  range: { readonly after: number; readonly head: number },
): Promise<readonly LogRow[] | null> {
  const rows: LogRow[] = [];
  let after = range.after;
  while (after < range.head) {
    const page = await deps.log.readRows(documentId, after, Math.min(PAGE, range.head - after));
    if (page.length === 0) return null;
    for (const row of page) {
      if (row.seq !== after + 1) return null;
      after = row.seq;
      rows.push(row);
    }
  }
  return rows;
}

function decodeRow(row: LogRow): readonly LogSegment[] {
  const sum = hash('sha256', row.payload, 'buffer').subarray(0, row.sum.byteLength);
  if (row.sum.byteLength !== 16 || !timingSafeEqual(sum, row.sum)) {
    throw new ScriptoriumError('document-quarantined', `row ${row.seq} is damaged`);
  }
  return decodeLogRow(row.payload);
}
