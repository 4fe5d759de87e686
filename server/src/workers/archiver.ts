import { fillsSegment, planSegment } from '../core/archive-plan.ts';
import type { HistoryProgress } from '../ports/history-index.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { checkRow, type LogDeps, type ReadRow } from '../rooms/read-log.ts';
import { packSegment, type PackDeps } from './pack-segment.ts';
import { discardObject } from './store-object.ts';

export interface ArchiverDeps extends LogDeps, PackDeps {}

/**
 * Copies rows that a snapshot holds into history segments: immutable, compressed, registered, written, read back and
 * only then published by compare-and-set. The rows stay where they are; what is archived may be dropped later.
 */
export interface Archiver {
  /**
   * Archives what is worth a segment, or, with `everything`, all rows up to the newest snapshot. Says how many rows are
   * archived now that were not before. Stops before a row that is damaged, which is never archived as if it were sound.
   */
  archive(documentId: DocumentId, everything: boolean): Promise<number>;
}

/** Rows read in one go, so that the event loop is never held up for long. */
const PAGE = 500;

export function createArchiver(deps: ArchiverDeps): Archiver {
  return {
    async archive(documentId, everything) {
      const progress = await deps.history.readProgress(documentId);
      if (progress === null) return 0;
      let { archivedSeq } = progress;
      while (archivedSeq < progress.snapshotSeq) {
        const rows = await readRun(deps, documentId, { after: archivedSeq, upTo: progress.snapshotSeq });
        const segmentRows = rows.slice(0, planSegment(rows, everything));
        const last = segmentRows.at(-1);
        if (last === undefined || !(await archiveRun(deps, documentId, { progress, rows: segmentRows }))) break;
        archivedSeq = last.seq;
      }
      return archivedSeq - progress.archivedSeq;
    },
  };
}

/** The sound rows that follow one another from `after` on, as many as one segment may hold, read page by page. */
async function readRun(
  deps: ArchiverDeps,
  documentId: DocumentId,
  range: { readonly after: number; readonly upTo: number },
): Promise<readonly ReadRow[]> {
  const run: ReadRow[] = [];
  for (let { after } = range; after < range.upTo && !fillsSegment(run);) {
    const rows = (await deps.log.readRows(documentId, after, Math.min(PAGE, range.upTo - after))).map(checkRow);
    const next = after + 1;
    const end = rows.findIndex((row, index) => !row.intact || row.seq !== next + index);
    run.push(...(end === -1 ? rows : rows.slice(0, end)));
    if (end !== -1 || rows.length === 0) {
      deps.telemetry.log.error('archive_blocked', { documentId, seq: next + Math.max(0, end) });
      break;
    }
    after += rows.length;
  }
  return run;
}

async function archiveRun(
  deps: ArchiverDeps,
  documentId: DocumentId,
  { progress, rows }: { readonly progress: HistoryProgress; readonly rows: readonly ReadRow[] },
): Promise<boolean> {
  const segment = await packSegment(deps, { tenant: progress.tenant, documentId, rows });
  if (!(await deps.history.publish(documentId, segment, progress.epoch))) {
    await discardObject(deps, segment.place);
    return false;
  }
  deps.telemetry.metrics.count('history_segments_written_total');
  deps.telemetry.metrics.count('rows_archived_total', rows.length);
  return true;
}
