import { defaultUpdateLimits, type UpdateLimits } from '../../src/core/limits.ts';
import { gateUpdate, type Verdict } from '../../src/core/update-gate.ts';
import { parseUpdate, type ParsedUpdate } from '../../src/core/update-parser.ts';
import { createMergedState, type MergedState } from '../../src/rooms/merged-state.ts';

/** A document behind the gate, for tests. */
export interface GateSubject {
  readonly state: MergedState;
  /** What the gate says to an update; applies nothing. */
  judge(update: Uint8Array): Verdict;
  /** Passes an update through the gate as a room does, part by part, and returns the last verdict. */
  pass(update: Uint8Array): Exclude<Verdict, { kind: 'part' }>;
}

/** Makes a document behind the gate from an update that holds its state. */
export function createGateSubject(
  encoded?: Uint8Array,
  {
    limits = defaultUpdateLimits,
    tombstone = new Map(),
    scope = 'all',
  }: { limits?: UpdateLimits; tombstone?: ReadonlyMap<number, number>; scope?: 'all' | 'comments' } = {},
): GateSubject {
  const state = createMergedState();
  if (encoded !== undefined) state.apply(encoded);
  const gate = (parsed: ParsedUpdate): Verdict => gateUpdate(parsed, { state, tombstone, scope }, limits);
  return {
    state,
    judge: (update) => {
      const parsed = parseUpdate(update, limits);
      return parsed.kind === 'refuse' ? parsed : gate(parsed);
    },
    pass: (update) => {
      const parsed = parseUpdate(update, limits);
      let verdict: Verdict = parsed.kind === 'refuse' ? parsed : gate(parsed);
      while (verdict.kind === 'part' && parsed.kind === 'parsed') {
        state.apply(verdict.update);
        verdict = gate(parsed);
      }
      if (verdict.kind === 'part') throw new Error('the gate never ends');
      const ready = verdict.kind === 'accept' ? verdict.update : verdict.kind === 'gap' ? verdict.ready : null;
      if (ready !== null) state.apply(ready);
      return verdict;
    },
  };
}

/** Parses an update that is known to be valid. */
export function parseValid(update: Uint8Array): ParsedUpdate {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  if (parsed.kind === 'refuse') throw new Error(`${parsed.code}: ${parsed.detail}`);
  return parsed;
}
