/** A stretch that two sequences share. */
export interface SharedRun {
  readonly left: number;
  readonly right: number;
  readonly length: number;
}

/** Edits that the exact search looks for between two anchors; beyond it the stretch counts as replaced. */
const EDITS_MAX = 300;

/** One edge of the two windows that are compared. */
interface Window {
  readonly left: number;
  readonly leftEnd: number;
  readonly right: number;
  readonly rightEnd: number;
}

/**
 * Finds what two sequences share, in order: common ends first, then elements that occur once on either side (patience
 * diff, by Bram Cohen), then, between those, a shortest edit script (Myers 1986) as long as that is short. So time
 * grows with n log n, whatever the sequences are.
 */
export function matchSequences(left: readonly number[], right: readonly number[]): readonly SharedRun[] {
  const runs: SharedRun[] = [];
  const add = (run: SharedRun): void => {
    const last = runs.at(-1);
    if (run.length === 0) return;
    if (last !== undefined && last.left + last.length === run.left && last.right + last.length === run.right)
      runs[runs.length - 1] = { ...last, length: last.length + run.length };
    else runs.push(run);
  };
  matchWindow({ left: 0, leftEnd: left.length, right: 0, rightEnd: right.length }, false);
  return runs;

  function matchWindow(window: Window, anchored: boolean): void {
    const prefix = countPrefix(window);
    add({ left: window.left, right: window.right, length: prefix });
    const rest = { ...window, left: window.left + prefix, right: window.right + prefix };
    const suffix = countSuffix(rest);
    const middle = { ...rest, leftEnd: rest.leftEnd - suffix, rightEnd: rest.rightEnd - suffix };
    if (middle.left < middle.leftEnd && middle.right < middle.rightEnd) matchMiddle(middle, anchored);
    add({ left: middle.leftEnd, right: middle.rightEnd, length: suffix });
  }

  function matchMiddle(window: Window, anchored: boolean): void {
    const anchors = anchored ? [] : findAnchors(left, right, window);
    if (anchors.length === 0) {
      for (const run of shortestEdit(left, right, window)) add(run);
      return;
    }
    let from = window;
    for (const anchor of anchors) {
      matchWindow({ ...from, leftEnd: anchor.left, rightEnd: anchor.right }, true);
      add({ ...anchor, length: 1 });
      from = { left: anchor.left + 1, leftEnd: window.leftEnd, right: anchor.right + 1, rightEnd: window.rightEnd };
    }
    matchWindow(from, true);
  }

  function countPrefix(window: Window): number {
    const most = Math.min(window.leftEnd - window.left, window.rightEnd - window.right);
    let count = 0;
    while (count < most && left[window.left + count] === right[window.right + count]) count += 1;
    return count;
  }

  function countSuffix(window: Window): number {
    const most = Math.min(window.leftEnd - window.left, window.rightEnd - window.right);
    let count = 0;
    while (count < most && left[window.leftEnd - 1 - count] === right[window.rightEnd - 1 - count]) count += 1;
    return count;
  }
}

/** Elements that stand once in either window, the most of them that are in one order (longest increasing run). */
function findAnchors(
  left: readonly number[],
  right: readonly number[],
  window: Window,
): readonly { readonly left: number; readonly right: number }[] {
  const inLeft = findOnce(left, window.left, window.leftEnd);
  const inRight = findOnce(right, window.right, window.rightEnd);
  const pairs: { left: number; right: number; before: number }[] = [];
  for (const [element, at] of inLeft) {
    const other = inRight.get(element);
    if (at >= 0 && other !== undefined && other >= 0) pairs.push({ left: at, right: other, before: -1 });
  }
  const tails: number[] = [];
  for (const [index, pair] of pairs.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.right ?? 0) < pair.right) low = middle + 1;
      else high = middle;
    }
    pair.before = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = index;
  }
  const chain: { left: number; right: number }[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = pairs[at]?.before ?? -1) {
    const pair = pairs[at];
    if (pair !== undefined) chain.push({ left: pair.left, right: pair.right });
  }
  return chain.reverse();
}

/** Where each element of a window stands, in order; -1 for one that stands there more than once. */
function findOnce(sequence: readonly number[], from: number, to: number): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (let at = from; at < to; at += 1) {
    const element = sequence[at] ?? 0;
    places.set(element, places.has(element) ? -1 : at);
  }
  return places;
}

/** A shortest edit script by Myers' greedy search; nothing when it is longer than what is looked for. */
function shortestEdit(left: readonly number[], right: readonly number[], window: Window): readonly SharedRun[] {
  const width = window.leftEnd - window.left;
  const height = window.rightEnd - window.right;
  const most = Math.min(EDITS_MAX, width + height);
  const furthest = new Int32Array(2 * most + 3);
  const trail: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trail.push(furthest.slice(most - edits, most + edits + 3));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const slot = diagonal + most + 1;
      const [up, down] = [furthest[slot - 1] ?? 0, furthest[slot + 1] ?? 0];
      let x = diagonal === -edits || (diagonal !== edits && up < down) ? down : up + 1;
      while (x < width && x - diagonal < height && left[window.left + x] === right[window.right + x - diagonal]) x += 1;
      furthest[slot] = x;
      if (x >= width && x - diagonal >= height) return traceBack(trail, { width, height, window });
    }
  }
  return [];
}

function traceBack(
  trail: readonly Int32Array[],
  { width, height, window }: { readonly width: number; readonly height: number; readonly window: Window },
): readonly SharedRun[] {
  const runs: SharedRun[] = [];
  let x = width;
  let y = height;
  for (let edits = trail.length - 1; edits >= 0; edits -= 1) {
    const furthest = trail[edits] ?? new Int32Array(0);
    const diagonal = x - y;
    const at = (other: number): number => furthest[other + edits + 1] ?? 0;
    const previous =
      diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1)) ? diagonal + 1 : diagonal - 1;
    const startX = edits === 0 ? 0 : at(previous);
    const startY = edits === 0 ? 0 : startX - previous;
    const length = Math.min(x - startX, y - startY);
    if (length > 0) runs.push({ left: window.left + x - length, right: window.right + y - length, length });
    x = startX;
    y = startY;
  }
  return runs.reverse();
}
