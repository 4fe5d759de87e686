import * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';
import { matchSequences } from '../edit/match-sequences.ts';
import { keyOfUnit } from './unit-key.ts';

/** A stretch of an item that is not deleted: `length` units from its unit `from` on. */
export interface Sequenced {
  readonly item: Y.Item;
  readonly from: number;
  readonly length: number;
}

/** One step from what a type holds to what it held. */
export type Step =
  | {
      readonly kind: 'keep';
      readonly length: number;
      readonly live: Y.Item['content'];
      readonly old: Y.Item['content'];
    }
  | { readonly kind: 'delete'; readonly length: number }
  | { readonly kind: 'insert'; readonly piece: Sequenced };

/** How many units of a client from a clock on are alike: all there and not deleted, or none of them. */
export type IsAlive = (id: Y.ID, length: number) => { readonly isAlive: boolean; readonly length: number };

interface Side {
  readonly type: Y.AbstractType<unknown>;
  /** Tells of the other document. */
  readonly isAlive: IsAlive;
}

interface Piece extends Sequenced {
  /** Whether the other document has it, not deleted. */
  readonly isShared: boolean;
}

/**
 * The steps from a type as it is to the same type as it was. Yjs never changes the order of items, so what both have
 * stands in one order. Between two of those, units that hold the same are kept as well: an earlier restore wrote them again.
 */
export function alignSequences(live: Side, old: Side): readonly Step[] {
  // Read before anything is edited.
  const [here, before] = [[...piecesOf(live)], [...piecesOf(old)]];
  const steps: Step[] = [];
  let gap: Gap = { live: [], old: [] };
  let [left, right] = [0, 0];
  // How much of a piece is used up: what is shared may be divided otherwise in the other document.
  let [leftUsed, rightUsed] = [0, 0];
  while (left < here.length || right < before.length) {
    const [one, other] = [here[left], before[right]];
    if (one !== undefined && !one.isShared) {
      gap.live.push(one);
      left += 1;
    } else if (other !== undefined && !other.isShared) {
      gap.old.push(other);
      right += 1;
    } else {
      const [liveRest, oldRest] = [behind(one, leftUsed), behind(other, rightUsed)];
      if (liveRest === null || oldRest === null || !isSameStart(liveRest, oldRest))
        throw new ScriptoriumError('internal', 'two states of a document hold the same items in two orders');
      const length = Math.min(liveRest.length, oldRest.length);
      closeGap(steps, gap);
      steps.push({ kind: 'keep', length, live: liveRest.item.content, old: oldRest.item.content });
      gap = { live: [], old: [] };
      [left, leftUsed] = liveRest.length > length ? [left, leftUsed + length] : [left + 1, 0];
      [right, rightUsed] = oldRest.length > length ? [right, rightUsed + length] : [right + 1, 0];
    }
  }
  closeGap(steps, gap);
  return steps;
}

/** What stands between two pieces that both have. */
interface Gap {
  readonly live: Piece[];
  readonly old: Piece[];
}

function closeGap(steps: Step[], { live: here, old: before }: Gap): void {
  const ids = new Map<string, number>();
  const idOf = (unit: Sequenced): number => {
    const key = keyOfUnit(unit.item.content, unit.from);
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    return id;
  };
  const isOneSided = here.length === 0 || before.length === 0;
  const [liveUnits, oldUnits] = isOneSided ? [here, before] : [here.flatMap(unitsOf), before.flatMap(unitsOf)];
  const runs = isOneSided ? [] : matchSequences(liveUnits.map(idOf), oldUnits.map(idOf));
  let [left, right] = [0, 0];
  for (const run of [...runs, { left: liveUnits.length, right: oldUnits.length, length: 0 }]) {
    const length = liveUnits.slice(left, run.left).reduce((sum, unit) => sum + unit.length, 0);
    if (length > 0) steps.push({ kind: 'delete', length });
    left = run.left;
    for (; right < run.right; right += 1) addInsert(steps, oldUnits[right]);
    for (const end = left + run.length; left < end; left += 1, right += 1) {
      const [one, other] = [liveUnits[left], oldUnits[right]];
      if (one !== undefined && other !== undefined)
        steps.push({ kind: 'keep', length: 1, live: one.item.content, old: other.item.content });
    }
  }
}

function unitsOf({ item, from, length }: Sequenced): readonly Sequenced[] {
  return Array.from({ length }, (_, index) => ({ item, from: from + index, length: 1 }));
}

/** Neighbouring units of one item are inserted together. */
function addInsert(steps: Step[], unit: Sequenced | undefined): void {
  if (unit === undefined) return;
  const last = steps.at(-1);
  const isJoined =
    last?.kind === 'insert' && last.piece.item === unit.item && last.piece.from + last.piece.length === unit.from;
  const piece = isJoined ? { ...last.piece, length: last.piece.length + unit.length } : unit;
  if (isJoined) steps[steps.length - 1] = { kind: 'insert', piece };
  else steps.push({ kind: 'insert', piece });
}

function* piecesOf({ type, isAlive }: Side): Generator<Piece> {
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    for (let from = 0; from < item.length;) {
      const { client, clock } = item.id;
      const alike = isAlive(Y.createID(client, clock + from), item.length - from);
      yield { item, from, length: alike.length, isShared: alike.isAlive };
      from += alike.length;
    }
  }
}

function isSameStart(one: Piece, other: Piece): boolean {
  const { id } = one.item;
  return id.client === other.item.id.client && id.clock + one.from === other.item.id.clock + other.from;
}

function behind(piece: Piece | undefined, length: number): Piece | null {
  return piece === undefined ? null : { ...piece, from: piece.from + length, length: piece.length - length };
}

/** Tells of the items of a document as it is now, however it is edited later. */
export function isAliveIn(document: Y.Doc): IsAlive {
  const known = Y.decodeStateVector(Y.encodeStateVector(document));
  const { clients } = Y.createDeleteSetFromStructStore(document.store);
  return ({ client, clock }, length) => {
    const end = known.get(client) ?? 0;
    if (clock >= end) return { isAlive: false, length };
    const most = Math.min(length, end - clock);
    const ranges = clients.get(client) ?? [];
    const range = ranges[firstEndingAfter(ranges, clock)];
    if (range === undefined || range.clock >= clock + most) return { isAlive: true, length: most };
    if (range.clock > clock) return { isAlive: true, length: range.clock - clock };
    return { isAlive: false, length: Math.min(most, range.clock + range.len - clock) };
  };
}

/** Index of the first range, in order, that ends behind a clock. */
export function firstEndingAfter(
  ranges: readonly { readonly clock: number; readonly len: number }[],
  clock: number,
): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range !== undefined && range.clock + range.len <= clock) low = middle + 1;
    else high = middle;
  }
  return low;
}
