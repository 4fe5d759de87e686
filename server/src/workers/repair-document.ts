import { ScriptoriumError } from '../core/errors.ts';
import { encodeLogRow } from '../core/log-row.ts';
import type { HistoryProgress } from '../ports/history-index.ts';
import type { RowQuarantine, RowRepair } from '../ports/row-quarantine.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { sha256Hex } from '../rooms/checksum.ts';
import type { LoadDeps } from '../rooms/load-base.ts';
import type { CarefulMerge } from '../rooms/merge-carefully.ts';
import { openDocument } from '../rooms/open-document.ts';
import { publishState, type PublishDeps } from './publish-state.ts';

export interface RepairDeps extends LoadDeps, PublishDeps {
  readonly quarantine: RowQuarantine;
}

export type RepairOutcome =
  | { readonly kind: 'sound' }
  /** `rows` were set aside, whole or in part; the document can be written again, at the new epoch. */
  | { readonly kind: 'repaired'; readonly rows: readonly number[]; readonly epoch: number };

/**
 * Makes a quarantined document writable again, for the operator. Damaged rows, and what hangs on them, are set aside and
 * kept; what could be saved stands in their place, and the epoch rises, which ends every room that was loaded before.
 * Where rows are lost that only a history segment held, a snapshot of what could be saved takes over from them. Editors
 * that still hold what was lost bring it back by themselves when they return.
 *
 * Throws `document-quarantined` when the document was changed meanwhile, and whatever a load throws.
 */
export async function repairDocument(deps: RepairDeps, documentId: DocumentId): Promise<RepairOutcome> {
  const { loaded, state, quarantine } = await openDocument(deps, documentId);
  const saved = state.encode();
  state.destroy();
  if (quarantine === null) return { kind: 'sound' };
  const progress = await deps.history.readProgress(documentId);
  if (progress === null) throw new ScriptoriumError('document-deleted');
  const rows = planRepairs(quarantine, progress.archivedSeq);
  const epoch = await deps.quarantine.setAside(documentId, { epoch: loaded.epoch, at: deps.clock.now(), rows });
  if (epoch === null) throw changedMeanwhile();
  if (quarantine.damage.some(({ fromSeq }) => fromSeq <= progress.archivedSeq)) {
    await takeOver(deps, { documentId, epoch, seq: loaded.seq, state: saved, progress });
  }
  deps.telemetry.log.warn('document_repaired', { documentId, rows: rows.length, epoch });
  return { kind: 'repaired', rows: rows.map(({ seq }) => seq), epoch };
}

/** Rows that are in segments are not touched: those never change. */
function planRepairs(quarantine: CarefulMerge, archivedSeq: number): readonly RowRepair[] {
  return quarantine.damage.flatMap(({ fromSeq, toSeq, damage }) => {
    const first = Math.max(fromSeq, archivedSeq + 1);
    return Array.from({ length: Math.max(0, toSeq - first + 1) }, (_, index): RowRepair => {
      const seq = first + index;
      return { seq, damage, replacement: encodeLogRow(quarantine.remains.get(seq) ?? []) };
    });
  });
}

interface Saved {
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly seq: number;
  readonly state: Uint8Array;
  readonly progress: HistoryProgress;
}

async function takeOver(deps: RepairDeps, saved: Saved): Promise<void> {
  const { tenant, snapshotSeq: expectedSeq } = saved.progress;
  const snapshot = { ...saved, tenant, expectedSeq, sha256: await sha256Hex(saved.state) };
  if ((await publishState(deps, snapshot)) === null) throw changedMeanwhile();
}

function changedMeanwhile(): ScriptoriumError {
  return new ScriptoriumError('document-quarantined', 'the document was changed meanwhile; try again');
}
