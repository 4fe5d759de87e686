import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { encodeHistorySegment, type HistoryRow } from '../core/history-segment.ts';
import type { HistorySegment } from '../ports/history-index.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { sha256, sha256Hex } from '../rooms/checksum.ts';
import { storeObject, type StoreDeps } from './store-object.ts';

export interface PackDeps extends StoreDeps {
  /** Segments up to so many bytes are kept in the database. */
  readonly inlineSegmentBytes: number;
}

/** Rows that follow one another, at least one, and whose they are. */
export interface SegmentRun {
  readonly tenant: string;
  readonly documentId: DocumentId;
  readonly rows: readonly HistoryRow[];
}

const compress = promisify(zstdCompress);

/** Makes a segment of rows and, where it is large, writes its object; nobody knows of it before it is published. */
export async function packSegment(deps: PackDeps, { tenant, documentId, rows }: SegmentRun): Promise<HistorySegment> {
  const raw = encodeHistorySegment({ documentId, rows }, sha256);
  const bytes = await compress(raw);
  const content = { bytes, sha256: await sha256Hex(bytes) };
  const times = rows.map(({ at }) => at);
  const toSeq = rows.at(-1)?.seq ?? 0;
  return {
    fromSeq: rows[0]?.seq ?? 0,
    toSeq,
    firstAt: Math.min(...times),
    lastAt: Math.max(...times),
    bytes: bytes.byteLength,
    sha256: content.sha256,
    rawBytes: raw.byteLength,
    place:
      bytes.byteLength <= deps.inlineSegmentBytes
        ? { kind: 'inline', content: bytes }
        : await storeObject(deps, { kind: 'segment', tenant, documentId, seq: toSeq }, content),
  };
}
