import { cutUpdate, isEmptyPart } from './update-cut.ts';
import { deepestType } from './update-depth.ts';
import type { UpdateLimits } from './limits.ts';
import type { ParsedUpdate } from './update-structure.ts';
import type { KnownStructs } from './update-placement.ts';
import { findReadyPart, type ReadyPart } from './update-ready.ts';
import { catchRefusal, refuse, type Refusal } from './update-refusal.ts';
import { holdToComments, type KnownRoots } from './update-roots.ts';
import type { WriteScope } from './write-scope.ts';

/** What the gate asks about the merged state of the document. */
export interface KnownState extends KnownStructs, KnownRoots {
  readonly clientCount: number;
  readonly rootCount: number;
  hasRoot(name: string): boolean;
  /** 1 for a struct directly in a root, one more per nested type around it; `null` when unknown or collected. */
  depthOf(client: number, clock: number): number | null;
}

/** The document as the gate sees it. */
export interface GateView {
  readonly state: KnownState;
  /** State vector of the incarnations deleted under the document's name; structs inside it never come back. */
  readonly tombstone: ReadonlyMap<number, number>;
  /** How far the sender may write; everywhere when it is not said. */
  readonly scope?: Exclude<WriteScope, 'none'>;
}

/** A run of clocks of one client, from the first to before the last. */
export interface ClockRange {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

/** What the accepted part of an update brings. */
export interface UpdateSummary {
  /** New structs, by client; the room binds these clients and attributes the structs by the binding. */
  readonly added: readonly ClockRange[];
  /** Whether there are delete ranges. They may name what is deleted already, which only the merged state knows. */
  readonly hasDeletes: boolean;
}

export type Verdict =
  /**
   * `update` is to be applied, logged and broadcast: the client's own bytes, except that structs whose clocks are
   * known are cut out, delete ranges are put in order, and structs between impossible neighbours get possible ones
   * (and a commenter's structs that hang on collected ones are emptied).
   * Applying it leaves nothing pending. An update without anything new becomes an empty one.
   */
  | { readonly kind: 'accept'; readonly update: Uint8Array; readonly summary: UpdateSummary }
  /**
   * `update` is the first part of what is accepted, to be treated in the same way. What becomes of the rest can be told
   * once it is applied: the same parsed update has to pass the gate again. Every part brings something new.
   */
  | { readonly kind: 'part'; readonly update: Uint8Array; readonly summary: UpdateSummary }
  /**
   * Something that the document lacks is referred to. `ready` is what can be applied now as an update of its own, or
   * `null`. Passing the same parsed update again later gives what became ready since. `missing` names the clients
   * whose structs are lacking, each with the first clock that is.
   */
  | {
      readonly kind: 'gap';
      readonly ready: Uint8Array | null;
      readonly summary: UpdateSummary;
      readonly missing: ReadonlyMap<number, number>;
    }
  | Refusal;

/**
 * Decides what becomes of a parsed update. Pure: it reads the view and changes nothing. What it promises holds for the
 * `update` or `ready` of the verdict, not for the bytes that came in.
 */
export function gateUpdate(parsed: ParsedUpdate, view: GateView, limits: UpdateLimits): Verdict {
  const found = catchRefusal(() => findReadyPart(parsed, view.state, limits));
  if ('kind' in found) return found;
  const ready = holdToScope(parsed, view, found);
  if ('kind' in ready) return ready;
  const refusal = checkGrowth(parsed, view.state, { ready, limits }) ?? checkTombstone(parsed, view, ready);
  if (refusal !== null) return refusal;
  const summary = summarize(parsed, ready);
  const update = cutUpdate(parsed, ready);
  if (ready.isPartial) return { kind: 'part', update, summary };
  if (ready.missing.size === 0) return { kind: 'accept', update, summary };
  return { kind: 'gap', ready: isEmptyPart(parsed, ready) ? null : update, summary, missing: ready.missing };
}

/** Nothing at all for those who may write everywhere. */
function holdToScope(parsed: ParsedUpdate, { state, scope }: GateView, ready: ReadyPart): ReadyPart | Refusal {
  if (scope !== 'comments') return ready;
  const emptied = holdToComments(parsed, ready, state);
  return 'kind' in emptied ? emptied : { ...ready, emptied };
}

function summarize(parsed: ParsedUpdate, ready: ReadyPart): UpdateSummary {
  return {
    added: ready.blocks.map(({ block, fromClock, toClock }) => ({
      client: block.client,
      from: fromClock,
      to: toClock,
    })),
    hasDeletes: parsed.deletes.length > 0 && !ready.isPartial,
  };
}

interface Growth {
  readonly ready: ReadyPart;
  readonly limits: UpdateLimits;
}

/** The limits that depend on what the document holds already. */
function checkGrowth(parsed: ParsedUpdate, state: KnownState, { ready, limits }: Growth): Refusal | null {
  const newClients = ready.blocks.filter((part) => part.fromClock === 0).length;
  if (newClients > 0 && state.clientCount + newClients > limits.clients) {
    return refuse('limit-exceeded', 'the document has too many clients');
  }
  const newRoots = parsed.rootNames.filter((name) => !state.hasRoot(name)).length;
  if (newRoots > 0 && state.rootCount + newRoots > limits.rootNames) {
    return refuse('limit-exceeded', 'the document has too many root names');
  }
  if (!parsed.makesTypes) return null;
  const knownDepth = (client: number, clock: number): number | null => state.depthOf(client, clock);
  const depth = deepestType({ parsed, blocks: ready.blocks, knownDepth });
  return depth > limits.typeDepth ? refuse('limit-exceeded', 'shared types are nested too deeply') : null;
}

/**
 * What a deleted incarnation held can neither come back nor be waited for: an offline client of it would otherwise
 * resurrect its text, or wait for ever for the part that is refused.
 */
function checkTombstone(parsed: ParsedUpdate, { state, tombstone }: GateView, ready: ReadyPart): Refusal | null {
  if (tombstone.size === 0) return null;
  const isBuried = (client: number, clock: number): boolean => clock < (tombstone.get(client) ?? 0);
  const buried =
    parsed.blocks.some(({ client, clock, endClock }) => {
      const known = state.clock(client);
      return endClock > known && isBuried(client, Math.max(clock, known));
    }) || [...ready.missing].some(([client, clock]) => isBuried(client, clock));
  return buried ? refuse('tombstoned-content', 'the update refers to a deleted document') : null;
}
