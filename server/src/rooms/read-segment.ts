import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { decodeHistorySegment, type HistoryRow } from '../core/history-segment.ts';
import type { HistoryIndex, ListedSegment } from '../ports/history-index.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { sha256 } from './checksum.ts';
import { readStored } from './read-stored.ts';

export interface SegmentDeps {
  readonly history: Pick<HistoryIndex, 'list' | 'locate' | 'findAnew'>;
  readonly snapshots: SnapshotStore;
}

/** A segment's bytes as they are stored, and how many they are once unpacked. */
export interface PackedSegment {
  readonly bytes: Uint8Array;
  readonly rawBytes: number;
}

/**
 * Reads a segment as it is stored; `null` when it is damaged or missing. Another one may have taken its place since it was
 * listed, with the same rows under other names. Throws `storage-unavailable` when the store does not answer.
 */
export async function readPacked(
  deps: SegmentDeps,
  documentId: DocumentId,
  segment: ListedSegment,
): Promise<PackedSegment | null> {
  const place = await deps.history.locate(documentId, segment.toSeq);
  const read = await readStored(deps.snapshots, place, segment);
  if (read.kind === 'unavailable') throw read.error;
  if (read.kind === 'intact') return { bytes: read.bytes, rawBytes: segment.rawBytes };
  const now = await deps.history.findAnew(documentId, segment.toSeq);
  if (now === null || now.sha256 === segment.sha256) return null;
  const again = await readStored(deps.snapshots, now.place, now);
  if (again.kind === 'unavailable') throw again.error;
  return again.kind === 'intact' ? { bytes: again.bytes, rawBytes: now.rawBytes } : null;
}

/** `null` when the segment is damaged or missing. Throws `storage-unavailable` when the store does not answer. */
export async function readSegment(
  deps: SegmentDeps,
  documentId: DocumentId,
  segment: ListedSegment,
): Promise<readonly HistoryRow[] | null> {
  const packed = await readPacked(deps, documentId, segment);
  const run = packed === null ? null : await unpackSegment(packed);
  if (run === null || run.documentId !== documentId) return null;
  const isWhole = run.rows[0]?.seq === segment.fromSeq && run.rows.at(-1)?.seq === segment.toSeq;
  return isWhole ? run.rows : null;
}

/** The rows of a packed segment, as views of its bytes; `null` when they are not a segment. */
export async function unpackSegment({ bytes, rawBytes }: PackedSegment) {
  const raw = await unpack(bytes, rawBytes);
  return raw === null ? null : decodeHistorySegment(raw, sha256);
}

const decompress = promisify(zstdDecompress);

/** Unpacks no more than the index announces, whatever the bytes say. */
async function unpack(bytes: Uint8Array, rawBytes: number): Promise<Uint8Array | null> {
  try {
    return await decompress(bytes, { maxOutputLength: rawBytes });
  } catch {
    return null;
  }
}
