import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { decodeHistorySegment, type HistoryRow } from '../core/history-segment.ts';
import type { HistoryIndex, ListedSegment } from '../ports/history-index.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { sha256 } from './checksum.ts';
import { readStored } from './read-stored.ts';

export interface SegmentDeps {
  readonly history: Pick<HistoryIndex, 'list' | 'locate'>;
  readonly snapshots: SnapshotStore;
}

/** `null` when the segment is damaged or missing. Throws `storage-unavailable` when the store does not answer. */
export async function readSegment(
  deps: SegmentDeps,
  documentId: DocumentId,
  segment: ListedSegment,
): Promise<readonly HistoryRow[] | null> {
  const place = await deps.history.locate(documentId, segment.toSeq);
  const read = await readStored(deps.snapshots, place, segment);
  if (read.kind === 'unavailable') throw read.error;
  if (read.kind === 'damaged') return null;
  const bytes = await unpack(read.bytes, segment.rawBytes);
  const run = bytes === null ? null : decodeHistorySegment(bytes, sha256);
  if (run === null || run.documentId !== documentId) return null;
  const isWhole = run.rows[0]?.seq === segment.fromSeq && run.rows.at(-1)?.seq === segment.toSeq;
  return isWhole ? run.rows : null;
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
