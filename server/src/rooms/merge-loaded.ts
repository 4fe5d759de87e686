import { createCarriedRanges, type CarriedRanges } from '../core/fork-carried.ts';
import { storedUpdateLimits } from '../core/limits.ts';
import { updatesOf } from '../core/pending-row.ts';
import { createUpdateBatches } from '../core/update-batch.ts';
import { parseUpdate } from '../core/update-parser.ts';
import { UpdateReader } from '../core/update-reader.ts';
import { catchRefusal } from '../core/update-refusal.ts';
import type { LoadedDocument, LoadedRow } from './load-document.ts';
import { mergeCarefully, type CarefulMerge } from './merge-carefully.ts';
import { createMergedState, type MergedState } from './merged-state.ts';

/** A loaded document, merged. */
export interface MergedDocument {
  readonly state: MergedState;
  /** What had to be left out, or `null` when the state is all of the document. */
  readonly quarantine: CarefulMerge | null;
}

/**
 * Merges what was loaded. What cannot be merged is left out, and with it what hangs on it; the state is whole for
 * itself, nothing waits in it. Throws `UnusableSnapshotError` when the snapshot itself is what cannot be merged.
 */
export function mergeLoaded(loaded: LoadedDocument): MergedDocument {
  const updates = loaded.damage.length === 0 ? batchRows(loaded.rows) : null;
  const state = updates === null ? null : tryMerge(loaded.snapshot, updates);
  if (state !== null) return { state, quarantine: null };
  const careful = mergeCarefully(loaded);
  return { state: careful.state, quarantine: careful.damage.length === 0 ? null : careful };
}

/** The updates of the rows, as few as possible; `null` when one of them is malformed. */
function batchRows(rows: readonly LoadedRow[]): readonly Uint8Array[] | null {
  const batches = createUpdateBatches();
  for (const { segments } of rows) {
    for (const update of updatesOf(segments)) {
      // Yjs merges some malformed updates without a word, and then has a state that can never be loaded.
      const parsed = parseUpdate(update, storedUpdateLimits);
      if (parsed.kind !== 'parsed') return null;
      batches.add(parsed);
    }
  }
  return batches.finish();
}

/** The usual case: everything goes in as it is. */
function tryMerge(snapshot: Uint8Array | null, updates: readonly Uint8Array[]): MergedState | null {
  const state = createMergedState();
  try {
    state.applyAll(snapshot === null ? updates : [snapshot, ...updates]);
    if (!state.hasPending()) return state;
  } catch {
    // What exactly is wrong is found out by the careful way.
  }
  state.destroy();
  return null;
}

/**
 * What the rows above the snapshot show of structs that one user brought under another's clientID: a fork must show
 * after a restart too.
 */
export function recallCarried(loaded: LoadedDocument, bindings: ReadonlyMap<number, string>): CarriedRanges {
  const carried = createCarriedRanges();
  for (const { segments } of loaded.rows) {
    for (const { actor, updates } of segments) {
      const isForeign = (client: number): boolean => (bindings.get(client) ?? actor) !== actor;
      for (const update of updates) noteForeign(carried, update, isForeign);
    }
  }
  return carried;
}

/** Notes the runs of clocks in an update whose clientID is somebody else's. */
function noteForeign(carried: CarriedRanges, update: Uint8Array, isForeign: (client: number) => boolean): void {
  // Nearly all updates are of one client, which their first bytes tell.
  const only = onlyClient(update);
  if (only !== null && !isForeign(only)) return;
  const parsed = parseUpdate(update, storedUpdateLimits);
  if (parsed.kind === 'refuse') return;
  for (const { client, clock, endClock } of parsed.blocks) {
    if (isForeign(client)) carried.note(parsed, { client, from: clock, to: endClock });
  }
}

/** The client of an update that has structs of one client; `null` of another. */
function onlyClient(update: Uint8Array): number | null {
  const client = catchRefusal(() => {
    const reader = new UpdateReader(update);
    if (reader.readVarUint() !== 1) return null;
    reader.readVarUint();
    return reader.readVarUint();
  });
  return typeof client === 'number' ? client : null;
}
