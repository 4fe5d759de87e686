import { ScriptoriumError } from '../core/errors.ts';
import type { HistoryPart } from '../core/history-part.ts';
import { encodeHistorySegment } from '../core/history-segment.ts';
import type { ListedSegment } from '../ports/history-index.ts';
import type { PastReads } from '../ports/past-reads.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { sha256 } from './checksum.ts';
import { readLog, type LogRange, type LostRange, type ReadRow } from './read-log.ts';
import { readPacked } from './read-segment.ts';
import { readStored } from './read-stored.ts';

export interface PastDeps extends PastReads {
  readonly snapshots: SnapshotStore;
  readonly telemetry: Telemetry;
}

/** Rows of a range in order, and those of it that nobody can give. */
export interface PastRows {
  readonly parts: readonly HistoryPart[];
  readonly lost: readonly LostRange[];
}

/** The state behind a row; `null` for the empty one behind row 0. */
export interface PastState {
  readonly seq: number;
  readonly state: Uint8Array | null;
}

/** Segments asked for at once. */
const LIST = 64;
/** Bytes of rows that one question may be about: a thread holds them several times over. */
const RANGE_BYTES = 96 * 1024 * 1024;

/**
 * Reads a range of rows for a thread. Segments go as they are stored, which spares unpacking them here and a checksum of
 * each row; where there is none, rows come from the log. Throws `storage-unavailable`, and `conversion-exceeded` for more
 * than a thread could hold.
 */
export async function readPastRows(deps: PastDeps, documentId: DocumentId, range: LogRange): Promise<PastRows> {
  const reading = new PastReading(deps, documentId);
  let { after } = range;
  while (after < range.upTo) {
    const listed = await deps.history.list(documentId, after, LIST);
    const [first] = listed;
    if (first === undefined || first.fromSeq > after + 1) break;
    for (const segment of listed) {
      if (after >= range.upTo) break;
      await reading.addSegment(segment);
      after = segment.toSeq;
    }
  }
  await reading.addRows({ after, upTo: range.upTo });
  return reading;
}

class PastReading implements PastRows {
  readonly parts: HistoryPart[] = [];
  readonly lost: LostRange[] = [];
  readonly #deps: PastDeps;
  readonly #documentId: DocumentId;
  #bytes = 0;

  constructor(deps: PastDeps, documentId: DocumentId) {
    this.#deps = deps;
    this.#documentId = documentId;
  }

  async addSegment(segment: ListedSegment): Promise<void> {
    this.#count(segment.rawBytes);
    const packed = await readPacked(this.#deps, this.#documentId, segment);
    if (packed !== null) this.parts.push(packed);
    // Its rows may still be in the log.
    else await this.addRows({ after: segment.fromSeq - 1, upTo: segment.toSeq });
  }

  async addRows(range: LogRange): Promise<void> {
    for await (const page of readLog(this.#deps, this.#documentId, range)) {
      if (page.kind === 'lost') this.lost.push(page);
      else this.#addRun(page.rows);
    }
  }

  #addRun(rows: readonly ReadRow[]): void {
    const end = rows.findIndex(({ intact }) => !intact);
    const run = end === -1 ? rows : rows.slice(0, end);
    if (run.length > 0) {
      const bytes = encodeHistorySegment({ documentId: this.#documentId, rows: run }, sha256);
      this.#count(bytes.byteLength);
      this.parts.push({ bytes, rawBytes: null });
    }
    const damaged = rows[end];
    if (damaged === undefined) return;
    this.lost.push({ fromSeq: damaged.seq, toSeq: damaged.seq, damage: 'checksum' });
    this.#addRun(rows.slice(end + 1));
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > RANGE_BYTES)
      throw new ScriptoriumError('conversion-exceeded', 'so many rows cannot be looked at in one go');
  }
}

/** The newest snapshot at or below a row that can be read; without one, the beginning. */
export async function readPastBase(deps: PastDeps, documentId: DocumentId, seq: number): Promise<PastState> {
  let storeAnswers = true;
  for (const listed of await deps.snapshotIndex.list(documentId)) {
    if (listed.seq > seq || (listed.place === 'object' && !storeAnswers)) continue;
    const place = await deps.snapshotIndex.locate(documentId, listed.seq);
    const read = await readStored(deps.snapshots, place, listed);
    if (read.kind === 'intact') return { seq: listed.seq, state: read.bytes };
    // The rows say the same, only slower.
    if (read.kind === 'unavailable') storeAnswers = false;
  }
  return { seq: 0, state: null };
}
