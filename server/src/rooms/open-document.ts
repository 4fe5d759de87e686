import type { DocumentId } from '../ports/update-log.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { LoadDeps } from './load-base.ts';
import { loadDocument, type LoadedDocument } from './load-document.ts';
import { UnusableSnapshotError } from './merge-carefully.ts';
import { mergeLoaded, type MergedDocument, type MergeLater } from './merge-loaded.ts';

/** A document that was loaded and merged. */
export interface OpenedDocument extends MergedDocument {
  readonly loaded: LoadedDocument;
}

/** Snapshots that cannot be merged are passed over like damaged ones, so many at most. */
const MAX_UNUSABLE = 16;

/**
 * Loads a document and merges it, as far as it can be, at once or `later`. One in which something is damaged is counted and logged, with
 * what was left out. Throws what `loadDocument` throws, and `document-quarantined` when nothing can be made of it.
 */
export async function openDocument(
  deps: LoadDeps,
  documentId: DocumentId,
  later: MergeLater | null = null,
): Promise<OpenedDocument> {
  let belowSeq = Infinity;
  for (let unusable = 0; unusable <= MAX_UNUSABLE; unusable += 1) {
    const loaded = await loadDocument(deps, documentId, { belowSeq });
    try {
      const merged = mergeLoaded(loaded, later);
      if (merged.quarantine !== null) noteQuarantine(deps, documentId, merged.quarantine.damage.length);
      return { ...merged, loaded };
    } catch (error) {
      if (!(error instanceof UnusableSnapshotError)) throw asQuarantined(deps, documentId, error);
      belowSeq = error.seq;
      deps.telemetry.metrics.count('snapshot_checksum_failures_total');
      deps.telemetry.log.error('snapshot_unusable', { documentId, seq: error.seq }, error);
    }
  }
  throw asQuarantined(deps, documentId, new Error('no snapshot can be merged'));
}

function noteQuarantine(deps: LoadDeps, documentId: DocumentId, ranges: number): void {
  deps.telemetry.metrics.count('documents_quarantined_total');
  deps.telemetry.log.error('document_quarantined', { documentId, ranges });
}

function asQuarantined(deps: LoadDeps, documentId: DocumentId, cause: unknown): ScriptoriumError {
  const error = new ScriptoriumError('document-quarantined', 'the stored updates cannot be merged', { cause });
  deps.telemetry.metrics.count('documents_quarantined_total');
  deps.telemetry.log.error('document_quarantined', { documentId }, error);
  return error;
}
