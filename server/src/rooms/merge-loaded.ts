import { createCarriedRanges, type CarriedRanges } from '../core/fork-carried.ts';
import { storedUpdateLimits } from '../core/limits.ts';
import { bytesOf } from '../core/pending-row.ts';
import { createUpdateBatches } from '../core/update-batch.ts';
import { stateVectorOfWhole } from '../core/update-complete.ts';
import { parseUpdate } from '../core/update-parser.ts';
import type { ParsedUpdate } from '../core/update-structure.ts';
import type { LoadedDocument } from './load-document.ts';
import { mergeCarefully, type CarefulMerge } from './merge-carefully.ts';
import { createMergedState, type MergedState } from './merged-state.ts';

/** A loaded document, merged. */
export interface MergedDocument {
  readonly state: MergedState;
  /** All of it above the snapshot as a few updates, in order; `null` when something had to be left out. */
  readonly updates: readonly Uint8Array[] | null;
  /** Whose the clientIDs are. */
  readonly bindings: ReadonlyMap<number, string>;
  /**
   * What the rows above the snapshot show of structs that one user brought under another's clientID: a fork must show
   * after a restart too.
   */
  readonly carried: CarriedRanges;
  /** What had to be left out, or `null` when the state is all of the document. */
  readonly quarantine: CarefulMerge | null;
}

/** Whose documents are merged only when that is needed. */
export interface MergeLater {
  /** Smaller ones are merged at once, which takes no longer than finding out whether they have to be. */
  readonly fromBytes: number;
  /** As in `Unmerged`. */
  readonly onUnusable: (error: unknown) => void;
}

/**
 * Merges what was loaded. What cannot be merged is left out, and with it what hangs on it; the state is whole for
 * itself, nothing waits in it. Throws `UnusableSnapshotError` when the snapshot itself is what cannot be merged.
 */
export function mergeLoaded(loaded: LoadedDocument, later: MergeLater | null = null): MergedDocument {
  const bindings = new Map(loaded.bindings.map(({ client, user }) => [client, user]));
  const carried = createCarriedRanges();
  const { updates, isWhole } = batchRows(loaded, (update, actor) => {
    for (const { client, clock, endClock } of update.blocks) {
      if ((bindings.get(client) ?? actor) === actor) continue;
      carried.note(update, { client, from: clock, to: endClock });
    }
  });
  const state = isWhole ? (putOff(loaded.snapshot, updates, later) ?? tryMerge(loaded.snapshot, updates)) : null;
  if (state !== null) return { state, updates: updates.map(({ bytes }) => bytes), bindings, carried, quarantine: null };
  const careful = mergeCarefully(loaded);
  const quarantine = careful.damage.length === 0 ? null : careful;
  return { state: careful.state, updates: null, bindings, carried, quarantine };
}

/** Updates that do not go together would be a frame each for whoever joins, and are merged and encoded for them at once. */
const MOST_PUT_OFF = 500;

/** The state of what is a whole document by its bytes alone, not merged yet; `null` when it has to be merged to know. */
function putOff(
  snapshot: Uint8Array | null,
  rows: readonly ParsedUpdate[],
  later: MergeLater | null,
): MergedState | null {
  const updates = inOrder(snapshot, rows);
  if (later === null || bytesOf(updates) < later.fromBytes || updates.length > MOST_PUT_OFF) return null;
  const parsed = snapshot === null ? null : parseUpdate(snapshot, storedUpdateLimits);
  if (parsed?.kind === 'refuse') return null;
  const stateVector = stateVectorOfWhole(parsed === null ? rows : [parsed, ...rows]);
  return stateVector === null ? null : createMergedState({ updates, stateVector, onUnusable: later.onUnusable });
}

function inOrder(snapshot: Uint8Array | null, rows: readonly ParsedUpdate[]): readonly Uint8Array[] {
  const updates = rows.map(({ bytes }) => bytes);
  return snapshot === null ? updates : [snapshot, ...updates];
}

/**
 * The updates of the rows, put together into as few as possible, and whether those are all: neither damaged nor malformed
 * ones are among them.
 *
 * @param note is told of each update before, with whoever sent it
 */
export function batchRows(
  { rows, damage }: Pick<LoadedDocument, 'rows' | 'damage'>,
  note: (update: ParsedUpdate, actor: string) => void = () => undefined,
): { readonly updates: readonly ParsedUpdate[]; readonly isWhole: boolean } {
  const batches = createUpdateBatches();
  let isWhole = damage.length === 0;
  const take = (actor: string, update: Uint8Array): void => {
    const parsed = parseUpdate(update, storedUpdateLimits);
    // Yjs merges some malformed updates without a word, and then has a state that can never be loaded.
    if (parsed.kind === 'refuse') isWhole = false;
    else {
      note(parsed, actor);
      batches.add(parsed);
    }
  };
  for (const { segments } of rows) {
    for (const { actor, updates } of segments) for (const update of updates) take(actor, update);
  }
  // To be read here like whatever else Yjs is given: it reads what is left over in silence, or not at all.
  const together = batches.finish().map((bytes) => parseUpdate(bytes, storedUpdateLimits));
  const updates = together.filter((update) => update.kind === 'parsed');
  return { updates, isWhole: isWhole && updates.length === together.length };
}

/** The usual case: everything goes in as it is. */
function tryMerge(snapshot: Uint8Array | null, rows: readonly ParsedUpdate[]): MergedState | null {
  const state = createMergedState();
  try {
    state.applyAll(inOrder(snapshot, rows));
    if (!state.hasPending()) return state;
  } catch {
    // What exactly is wrong is found out by the careful way.
  }
  state.destroy();
  return null;
}
