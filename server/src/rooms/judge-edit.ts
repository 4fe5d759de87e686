import { ScriptoriumError } from '../core/errors.ts';
import { bytesOf } from '../core/pending-row.ts';
import { defaultUpdateLimits } from '../core/limits.ts';
import { gateUpdate, type ClockRange, type GateView } from '../core/update-gate.ts';
import { parseUpdate, type ParsedUpdate } from '../core/update-parser.ts';
import { createMergedState, type MergedState } from './merged-state.ts';
import type { Room } from './room.ts';

/** An edit that passed the gate and brings something. */
export interface JudgedEdit {
  /** To be logged in this order, in one row. */
  readonly updates: readonly Uint8Array[];
  /** New structs, by client. */
  readonly added: readonly ClockRange[];
  readonly parsed: ParsedUpdate;
}

/**
 * Passes an update through the gate without applying it; `null` when it brings nothing. `base` is the committed state.
 * Throws the refusal's code, or `incomplete-update` when it refers to what the document lacks.
 */
export function judgeEdit(room: Room, update: Uint8Array, base: Uint8Array): JudgedEdit | null {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  if (parsed.kind === 'refuse') throw new ScriptoriumError(parsed.code, parsed.detail);
  if (room.state.contains(parsed)) return null;
  const verdict = pass(parsed, room);
  if (verdict.kind === 'accept') return { updates: [verdict.update], added: verdict.summary.added, parsed };
  return judgeByParts(parsed, { state: createMergedState(), tombstone: room.tombstone }, base);
}

/** Throws unless what an edit adds finds room in the document and in its tenant's quota; what only deletes always may. */
export function requireSpace(room: Room, { updates, added }: JudgedEdit, isTenantFull: boolean): void {
  if (added.length === 0) return;
  if (room.state.isLarger(room.mostBytes - bytesOf(updates)))
    throw new ScriptoriumError('document-full', `a document holds ${room.mostBytes} bytes at most`);
  if (isTenantFull) throw new ScriptoriumError('quota-exceeded', 'the tenant is full');
}

const EMPTY_STATE = new Uint8Array([0, 0]);

/** Passes the content of a new document through the gate: the updates of its first row, none when it brings nothing. */
export function judgeSeed(update: Uint8Array): readonly Uint8Array[] {
  const parsed = parseUpdate(update, defaultUpdateLimits);
  if (parsed.kind === 'refuse') throw new ScriptoriumError(parsed.code, parsed.detail);
  const view = { state: createMergedState(), tombstone: new Map<number, number>() };
  const { updates, added } = judgeByParts(parsed, view, EMPTY_STATE);
  return added.length === 0 ? [] : updates;
}

/** What can be told of an update only once a part of it is applied is told on a private copy. */
function judgeByParts(
  parsed: ParsedUpdate,
  view: GateView & { readonly state: MergedState },
  base: Uint8Array,
): JudgedEdit {
  const { state } = view;
  try {
    state.apply(base);
    const updates: Uint8Array[] = [];
    const added: ClockRange[] = [];
    for (;;) {
      const verdict = pass(parsed, view);
      updates.push(verdict.update);
      added.push(...verdict.summary.added);
      if (verdict.kind === 'accept') return { updates, added, parsed };
      state.apply(verdict.update);
    }
  } finally {
    state.destroy();
  }
}

function pass(parsed: ParsedUpdate, view: GateView) {
  const verdict = gateUpdate(parsed, view, defaultUpdateLimits);
  if (verdict.kind === 'refuse') throw new ScriptoriumError(verdict.code, verdict.detail);
  if (verdict.kind === 'gap') throw new ScriptoriumError('incomplete-update');
  return verdict;
}
