import { zstdDecompressSync } from 'node:zlib';
import { ScriptoriumError } from '../../core/errors.ts';
import type { HistoryPart } from '../../core/history-part.ts';
import { decodeHistorySegment } from '../../core/history-segment.ts';
import { decodeLogRow } from '../../core/log-row.ts';
import { sha256 } from '../../rooms/checksum.ts';
import type { HistoryRow } from './authorship.ts';

/** Rows `after + 1` to `upTo`. */
export interface RowRange {
  readonly after: number;
  readonly upTo: number;
}

/** Unpacks the rows of a range, one part at a time. Throws `document-quarantined` when bytes are not what they should be. */
export function* readParts(parts: readonly HistoryPart[], { after, upTo }: RowRange): Generator<HistoryRow> {
  for (const { bytes, rawBytes } of parts) {
    const run = decodeHistorySegment(rawBytes === null ? bytes : unpack(bytes, rawBytes), sha256);
    if (run === null) throw new ScriptoriumError('document-quarantined', 'a part of the history cannot be read');
    for (const { seq, at, payload } of run.rows) {
      if (seq > after && seq <= upTo) yield { seq, at, segments: decodeLogRow(payload) };
    }
  }
}

/** Unpacks no more than was announced, whatever the bytes say. */
function unpack(bytes: Uint8Array, rawBytes: number): Uint8Array {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: rawBytes });
  } catch (error) {
    throw new ScriptoriumError('document-quarantined', 'a history segment cannot be unpacked', { cause: error });
  }
}
