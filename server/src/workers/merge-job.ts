import { hash } from 'node:crypto';
import { storedUpdateLimits } from '../core/limits.ts';
import { parseUpdate } from '../core/update-parser.ts';
import type { MergeJob, MergeOutcome } from '../ports/state-merger.ts';
import { createMergedState } from '../rooms/merged-state.ts';

/** Merges a job in this thread, and loads the result back: a snapshot that cannot be loaded must never be written. */
export function runMergeJob(job: MergeJob): MergeOutcome {
  if (!job.updates.every((update) => parseUpdate(update, storedUpdateLimits).kind === 'parsed')) {
    return { kind: 'unmergeable', reason: 'an update is malformed' };
  }
  const merged = encodeAll(job.snapshot === null ? job.updates : [job.snapshot, ...job.updates]);
  if (typeof merged === 'string') return { kind: 'unmergeable', reason: merged };
  const again = encodeAll([merged.state]);
  if (typeof again === 'string' || Buffer.compare(again.stateVector, merged.stateVector) !== 0) {
    return { kind: 'unmergeable', reason: 'the merged state does not load as what it is' };
  }
  return { kind: 'merged', state: merged.state, sha256: hash('sha256', merged.state, 'hex') };
}

/** The encoded state that the updates make, or why they make none. */
function encodeAll(
  updates: readonly Uint8Array[],
): { readonly state: Uint8Array; readonly stateVector: Uint8Array } | string {
  const state = createMergedState();
  try {
    for (const update of updates) state.apply(update);
    if (state.hasPending()) return 'the updates refer to structs that are not there';
    return { state: state.encode(), stateVector: state.stateVector() };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    state.destroy();
  }
}
