import type { LogSegment } from '../core/log-row.ts';
import { storedUpdateLimits } from '../core/limits.ts';
import { gateUpdate } from '../core/update-gate.ts';
import { isCompleteState } from '../core/update-complete.ts';
import { parseUpdate, type ParsedUpdate } from '../core/update-parser.ts';
import type { LoadedDocument, LoadedRow } from './load-document.ts';
import { createMergedState, type MergedState } from './merged-state.ts';
import type { LostRange } from './read-log.ts';

/** What could be saved of a document in which something is damaged. */
export interface CarefulMerge {
  /** All that does not hang on what is damaged; nothing waits in it. */
  readonly state: MergedState;
  /** Rows that are not in it, or not with all they hold, in order. */
  readonly damage: readonly LostRange[];
  /** What remains of each row of which a part had to be left out. */
  readonly remains: ReadonlyMap<number, readonly LogSegment[]>;
  /** Clocks above those of the state that were seen in what was left out, by client. */
  readonly clocksLeftOut: ReadonlyMap<number, number>;
}

/** The snapshot, although its checksum holds, is not a document. */
export class UnusableSnapshotError extends Error {
  readonly seq: number;

  constructor(seq: number, options: { readonly cause: unknown }) {
    super('a snapshot cannot be merged', options);
    this.seq = seq;
  }
}

/** An update on its way in. `kept` is what of it went in so far, in the order in which it did. */
interface Candidate {
  readonly seq: number;
  readonly actor: string;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedUpdate | null;
  kept: Uint8Array[];
  state: 'waiting' | 'whole' | 'refused';
}

/** An update may make Yjs throw in spite of the gate; then all is done again without it, so many times at most. */
const MAX_REBUILDS = 16;
const NO_TOMBSTONE: ReadonlyMap<number, number> = new Map();

/**
 * Merges a document update by update through the gate, which takes nothing that would wait inside or break later. What
 * hangs on something that comes only later in the log is tried again behind it.
 */
export function mergeCarefully(loaded: LoadedDocument): CarefulMerge {
  const poison = new Set<Uint8Array>();
  // Once for all attempts: an update is known by its bytes.
  const rows = loaded.rows.map(({ seq, segments }) => ({ seq, segments }));
  for (let rebuilds = 0; rebuilds <= MAX_REBUILDS; rebuilds += 1) {
    const state = startState(loaded);
    const candidates = listCandidates(rows, poison);
    const culprit = admitAll(state, candidates);
    if (culprit === null) return summarize(loaded, state, candidates);
    state.destroy();
    poison.add(culprit);
  }
  throw new Error('a damaged document cannot be merged');
}

function startState(loaded: LoadedDocument): MergedState {
  const state = createMergedState();
  if (loaded.snapshot === null) return state;
  try {
    const parsed = parseUpdate(loaded.snapshot, storedUpdateLimits);
    if (parsed.kind === 'refuse' || !isCompleteState(parsed)) throw new Error('the snapshot is no whole document');
    state.apply(loaded.snapshot);
    return state;
  } catch (error) {
    state.destroy();
    throw new UnusableSnapshotError(loaded.snapshotSeq, { cause: error });
  }
}

function listCandidates(rows: readonly LoadedRow[], poison: ReadonlySet<Uint8Array>): readonly Candidate[] {
  return rows.flatMap(({ seq, segments }) =>
    segments.flatMap(({ actor, updates }) =>
      updates.map((bytes): Candidate => {
        const parsed = parseUpdate(bytes, storedUpdateLimits);
        const isBad = parsed.kind === 'refuse' || poison.has(bytes);
        return { seq, actor, bytes, parsed: isBad ? null : parsed, kept: [], state: isBad ? 'refused' : 'waiting' };
      }),
    ),
  );
}

/** Lets in what can go in, over and over while that helps; the bytes of an update that made Yjs throw, else `null`. */
function admitAll(state: MergedState, candidates: readonly Candidate[]): Uint8Array | null {
  for (let progress = true; progress;) {
    progress = false;
    for (const candidate of candidates.filter((it) => it.state === 'waiting')) {
      const outcome = tryToAdmit(state, candidate);
      if (outcome === 'broken') return candidate.bytes;
      if (outcome === 'went-in') progress = true;
    }
  }
  return null;
}

function tryToAdmit(state: MergedState, candidate: Candidate): 'went-in' | 'nothing' | 'broken' {
  try {
    return admit(state, candidate) ? 'went-in' : 'nothing';
  } catch {
    return 'broken';
  }
}

/** Lets in what of an update is ready; whether anything went in. */
function admit(state: MergedState, candidate: Candidate): boolean {
  if (candidate.parsed === null) return false;
  for (;;) {
    const verdict = gateUpdate(candidate.parsed, { state, tombstone: NO_TOMBSTONE }, storedUpdateLimits);
    switch (verdict.kind) {
      case 'refuse':
        candidate.state = 'refused';
        return false;
      case 'accept':
        candidate.state = 'whole';
        state.apply(verdict.update);
        return true;
      case 'gap':
        return verdict.ready !== null && keepPart(state, candidate, verdict.ready);
      case 'part':
        keepPart(state, candidate, verdict.update);
    }
  }
}

function keepPart(state: MergedState, candidate: Candidate, part: Uint8Array): boolean {
  const { changed } = state.apply(part);
  if (changed) candidate.kept.push(part);
  return changed;
}

function summarize(loaded: LoadedDocument, state: MergedState, candidates: readonly Candidate[]): CarefulMerge {
  const unmergeable = new Set(candidates.flatMap(({ seq, state: end }) => (end === 'whole' ? [] : [seq])));
  const damage = [
    ...loaded.damage,
    ...[...unmergeable].map((seq): LostRange => ({ fromSeq: seq, toSeq: seq, damage: 'unmergeable' })),
  ];
  const remains = new Map<number, LogSegment[]>();
  for (const candidate of candidates) {
    if (!unmergeable.has(candidate.seq)) continue;
    const segments = remains.get(candidate.seq) ?? [];
    const updates = candidate.state === 'whole' ? [candidate.bytes] : candidate.kept;
    if (updates.length > 0) segments.push({ actor: candidate.actor, updates });
    remains.set(candidate.seq, segments);
  }
  return {
    state,
    damage: damage.toSorted((one, other) => one.fromSeq - other.fromSeq),
    remains,
    clocksLeftOut: clocksOf(candidates),
  };
}

function clocksOf(candidates: readonly Candidate[]): ReadonlyMap<number, number> {
  const clocks = new Map<number, number>();
  for (const { parsed, state } of candidates) {
    if (state === 'whole' || parsed === null) continue;
    for (const { client, endClock } of parsed.blocks) clocks.set(client, Math.max(endClock, clocks.get(client) ?? 0));
  }
  return clocks;
}
