import type { HistoryRow } from '../core/history-segment.ts';
import type { HistoryIndex, ListedSegment } from '../ports/history-index.ts';
import type { RowDamage } from '../ports/row-quarantine.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId, LogRow, UpdateLog } from '../ports/update-log.ts';
import { isRowSum, rowSum } from './checksum.ts';
import { readSegment, type SegmentDeps } from './read-segment.ts';

export interface LogDeps extends RowDeps {
  readonly log: UpdateLog;
  readonly history: HistoryIndex;
}

/** What reading rows takes, which may come from a replica. */
export interface RowDeps extends SegmentDeps {
  readonly log: Pick<UpdateLog, 'readRows'>;
  readonly telemetry: Telemetry;
}

/** A row as it was read; `intact` tells whether its checksum holds. */
export interface ReadRow extends LogRow {
  readonly intact: boolean;
}

/** Rows that nobody can give any more. */
export interface LostRange {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly damage: RowDamage;
}

export type LogPage =
  | ({ readonly kind: 'lost' } & LostRange)
  | { readonly kind: 'rows'; readonly rows: readonly ReadRow[] };

/** Rows `after + 1` to `upTo`. */
export interface LogRange {
  readonly after: number;
  readonly upTo: number;
}

const PAGE = 5_000;
const SEGMENTS_PER_PAGE = 16;

/**
 * Reads a range of a document's rows, wherever they are: in the log, or in a history segment once they were archived
 * and dropped. The pages cover the range without a gap, in order; a range reads the same before and after.
 *
 * Throws `storage-unavailable` when a row is where nobody answers.
 */
export async function* readLog(deps: RowDeps, documentId: DocumentId, range: LogRange): AsyncGenerator<LogPage> {
  let { after } = range;
  let page = readPage(deps, documentId, range);
  while (after < range.upTo) {
    const rows = await page;
    const run = contiguous(rows, after);
    if (run.length > 0) {
      after += run.length;
      // The store reads on while this page is worked through.
      page = readPage(deps, documentId, { after, upTo: range.upTo });
      yield* preferIntact(deps, documentId, run.map(checkRow));
      continue;
    }
    // Nothing is dropped before it is in a segment, so what is not in the log any more has to be in one by now.
    const end = Math.min(range.upTo, (rows[0]?.seq ?? Infinity) - 1);
    yield* readArchived(deps, documentId, { after, upTo: end });
    after = end;
    page = readPage(deps, documentId, { after, upTo: range.upTo });
  }
}

/** The next rows of a range that are in the log. Whoever gives up the reading never hears how it ended. */
function readPage(deps: RowDeps, documentId: DocumentId, { after, upTo }: LogRange): Promise<readonly LogRow[]> {
  if (after >= upTo) return Promise.resolve([]);
  const page = deps.log.readRows(documentId, after, Math.min(PAGE, upTo - after));
  page.catch(() => undefined);
  return page;
}

/** The rows that follow `after` one by one. */
function contiguous(rows: readonly LogRow[], after: number): readonly LogRow[] {
  const end = rows.findIndex((row, index) => row.seq !== after + 1 + index);
  return end === -1 ? rows : rows.slice(0, end);
}

/** A row that is damaged where it stands may have a sound copy in a segment already. */
async function* preferIntact(deps: RowDeps, documentId: DocumentId, rows: readonly ReadRow[]): AsyncGenerator<LogPage> {
  const end = rows.findIndex(({ intact }) => !intact);
  const damaged = rows[end];
  if (damaged === undefined) {
    if (rows.length > 0) yield { kind: 'rows', rows };
    return;
  }
  if (end > 0) yield { kind: 'rows', rows: rows.slice(0, end) };
  const { seq } = damaged;
  const [segment] = await deps.history.list(documentId, seq - 1, 1);
  const copy =
    segment === undefined || segment.fromSeq > seq
      ? null
      : await readPart(deps, documentId, { segment, wanted: { after: seq - 1, upTo: seq } });
  yield copy?.kind === 'rows' ? copy : { kind: 'rows', rows: [damaged] };
  yield* preferIntact(deps, documentId, rows.slice(end + 1));
}

/** Compares a row's payload with its checksum. */
export function checkRow(row: LogRow): ReadRow {
  const { seq, at, payload, sum } = row;
  return { seq, at, payload, sum, intact: isRowSum(payload, sum) };
}

async function* readArchived(deps: RowDeps, documentId: DocumentId, range: LogRange): AsyncGenerator<LogPage> {
  let { after } = range;
  while (after < range.upTo) {
    const segments = await deps.history.list(documentId, after, SEGMENTS_PER_PAGE);
    const first = segments[0];
    if (first === undefined || first.fromSeq > after + 1) {
      const toSeq = Math.min(range.upTo, first === undefined ? range.upTo : first.fromSeq - 1);
      yield { kind: 'lost', fromSeq: after + 1, toSeq, damage: 'missing' };
      after = toSeq;
      continue;
    }
    for (const segment of segments) {
      if (after >= range.upTo) return;
      const wanted = { after, upTo: Math.min(range.upTo, segment.toSeq) };
      yield await readPart(deps, documentId, { segment, wanted });
      after = wanted.upTo;
    }
  }
}

async function readPart(
  deps: RowDeps,
  documentId: DocumentId,
  part: { readonly segment: ListedSegment; readonly wanted: LogRange },
): Promise<LogPage> {
  const { after, upTo } = part.wanted;
  const rows = await readSegment(deps, documentId, part.segment);
  if (rows !== null) {
    return { kind: 'rows', rows: rows.filter(({ seq }) => seq > after && seq <= upTo).map(fromHistory) };
  }
  deps.telemetry.metrics.count('history_checksum_failures_total');
  const { fromSeq, toSeq } = part.segment;
  deps.telemetry.log.error('history_segment_damaged', { documentId, fromSeq, toSeq });
  return { kind: 'lost', fromSeq: after + 1, toSeq: upTo, damage: 'checksum' };
}

/** The segment's checksum stands for those of its rows. */
function fromHistory(row: HistoryRow): ReadRow {
  return { ...row, sum: rowSum(row.payload), intact: true };
}
