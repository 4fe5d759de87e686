/** A stretch of clocks with the label of the first range that covered it; -1 where none did. */
export interface LabelledRange {
  readonly from: number;
  readonly to: number;
  readonly label: number;
}

/** Columns instead of an object per range: a long history has hundreds of thousands. */
interface Columns {
  readonly from: number[];
  readonly to: number[];
  readonly label: number[];
}

/** Ranges of one client's clocks. Where ranges overlap, the one that was added first counts. */
export class ClockRanges {
  #added: Columns = { from: [], to: [], label: [] };
  #isSorted = true;

  /** Adds a range; labels rise from call to call. */
  add(from: number, to: number, label: number): void {
    const { from: starts, to: ends, label: labels } = this.#added;
    const last = ends.length - 1;
    const lastEnd = ends[last] ?? 0;
    if (last >= 0 && lastEnd === from && labels[last] === label) {
      ends[last] = to;
      return;
    }
    if (from < lastEnd) this.#isSorted = false;
    starts.push(from);
    ends.push(to);
    labels.push(label);
  }

  /** Divides a range by its labels. */
  divide(from: number, to: number): readonly LabelledRange[] {
    if (!this.#isSorted) {
      this.#added = resolveOverlaps(this.#added);
      this.#isSorted = true;
    }
    const { from: starts, to: ends, label: labels } = this.#added;
    const parts: LabelledRange[] = [];
    let at = from;
    for (let index = this.#firstEndingAfter(from); index < starts.length && at < to; index += 1) {
      const start = Math.max(from, starts[index] ?? 0);
      if (start >= to) break;
      const end = Math.min(to, ends[index] ?? 0);
      if (start > at) parts.push({ from: at, to: start, label: -1 });
      parts.push({ from: start, to: end, label: labels[index] ?? -1 });
      at = end;
    }
    if (at < to) parts.push({ from: at, to, label: -1 });
    return parts;
  }

  #firstEndingAfter(clock: number): number {
    const { to: ends } = this.#added;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) <= clock) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Ranges in order without overlaps, by one sweep over their starts; a heap holds those that are open. */
function resolveOverlaps({ from, to, label }: Columns): Columns {
  const order = Array.from(from.keys()).sort((a, b) => (from[a] ?? 0) - (from[b] ?? 0) || a - b);
  const resolved: Columns = { from: [], to: [], label: [] };
  const open: number[] = [];
  let next = 0;
  let at = 0;
  while (next < order.length || open.length > 0) {
    if (open.length === 0) at = Math.max(at, from[order[next] ?? 0] ?? 0);
    while (next < order.length && (from[order[next] ?? 0] ?? 0) <= at) {
      push(open, order[next] ?? 0);
      next += 1;
    }
    while (open.length > 0 && (to[open[0] ?? 0] ?? 0) <= at) pop(open);
    const first = open[0];
    if (first === undefined) continue;
    const end = Math.min(to[first] ?? 0, next < order.length ? (from[order[next] ?? 0] ?? 0) : Infinity);
    append(resolved, { from: at, to: end, label: label[first] ?? -1 });
    at = end;
  }
  return resolved;
}

function append(columns: Columns, { from, to, label }: LabelledRange): void {
  const last = columns.to.length - 1;
  if (last >= 0 && columns.to[last] === from && columns.label[last] === label) columns.to[last] = to;
  else {
    columns.from.push(from);
    columns.to.push(to);
    columns.label.push(label);
  }
}

function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if ((heap[parent] ?? 0) <= value) break;
    heap[at] = heap[parent] ?? 0;
    at = parent;
  }
  heap[at] = value;
}

function pop(heap: number[]): void {
  const value = heap.pop();
  if (value === undefined || heap.length === 0) return;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
    if ((heap[child] ?? 0) >= value) break;
    heap[at] = heap[child] ?? 0;
    at = child;
  }
  heap[at] = value;
}
