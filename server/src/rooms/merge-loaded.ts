import { createCarriedRanges, type CarriedRanges } from '../core/fork-carried.ts';
import { defaultUpdateLimits, storedUpdateLimits } from '../core/limits.ts';
import { updatesOf } from '../core/pending-row.ts';
import { parseUpdate } from '../core/update-parser.ts';
import type { LoadedDocument } from './load-document.ts';
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
  const state = loaded.damage.length === 0 ? tryMerge(loaded) : null;
  if (state !== null) return { state, quarantine: null };
  const careful = mergeCarefully(loaded);
  return { state: careful.state, quarantine: careful.damage.length === 0 ? null : careful };
}

/** The usual case: everything goes in as it is. */
function tryMerge(loaded: LoadedDocument): MergedState | null {
  const updates = loaded.rows.flatMap(({ segments }) => updatesOf(segments));
  // Some malformed updates are merged without a word, and make a state that can never be loaded.
  if (!updates.every((update) => parseUpdate(update, storedUpdateLimits).kind === 'parsed')) return null;
  const state = createMergedState();
  try {
    state.applyAll(loaded.snapshot === null ? updates : [loaded.snapshot, ...updates]);
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
  for (const { actor, updates } of loaded.rows.flatMap((row) => row.segments)) {
    for (const update of updates) {
      for (const range of foreignRanges(update, (client) => (bindings.get(client) ?? actor) !== actor)) {
        carried.note(range.parsed, range);
      }
    }
  }
  return carried;
}

/** The runs of clocks in an update whose clientID is somebody else's. */
function foreignRanges(update: Uint8Array, isForeign: (client: number) => boolean) {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  if (parsed.kind === 'refuse') return [];
  return parsed.blocks
    .filter(({ client }) => isForeign(client))
    .map(({ client, clock, endClock }) => ({ parsed, client, from: clock, to: endClock }));
}
