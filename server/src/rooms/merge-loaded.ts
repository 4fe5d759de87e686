import { ScriptoriumError } from '../core/errors.ts';
import { createCarriedRanges, type CarriedRanges } from '../core/fork-carried.ts';
import { defaultUpdateLimits } from '../core/limits.ts';
import { updatesOf } from '../core/pending-row.ts';
import { parseUpdate } from '../core/update-parser.ts';
import type { LoadedDocument } from './load-document.ts';
import { createMergedState, type MergedState } from './merged-state.ts';

/** Merges what was loaded; a row that cannot be applied sets the document aside. */
export function mergeLoaded(loaded: LoadedDocument): MergedState {
  const state = createMergedState();
  try {
    if (loaded.snapshot !== null) state.apply(loaded.snapshot);
    for (const row of loaded.rows) for (const update of updatesOf(row.segments)) state.apply(update);
    if (state.hasPending()) throw new Error('the log refers to structs that it does not hold');
    return state;
  } catch (error) {
    state.destroy();
    throw new ScriptoriumError('document-quarantined', 'the stored updates cannot be merged', { cause: error });
  }
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
