/** What stands on one side of a gap between two unchanged blocks. */
export interface GapBlock {
  readonly type: string;
  readonly text: string;
  /** False for what is written as a whole or not at all. */
  readonly editable: boolean;
}

export interface Pair {
  readonly left: number;
  readonly right: number;
}

/** Share of common words above which two blocks count as one that was edited. */
const SIMILAR = 0.3;
/** Comparisons that a gap may cost; a larger one is compared within a band. */
const COMPARISONS_MAX = 40_000;
/** Characters of a block that its words are taken from. */
const TEXT_MAX = 4_000;

/** Pairs the blocks of a gap that are most alike, of one type, in order. */
export function pairSimilar(left: readonly GapBlock[], right: readonly GapBlock[]): readonly Pair[] {
  if (left.length === 0 || right.length === 0) return [];
  const [onlyLeft, onlyRight] = [left[0], right[0]];
  // Alone in its gap, a block of the same type can only be the edited one.
  if (left.length === 1 && right.length === 1 && onlyLeft !== undefined && onlyRight !== undefined)
    return canPair(onlyLeft, onlyRight) ? [{ left: 0, right: 0 }] : [];
  const leftWords = left.map(countWords);
  const rightWords = right.map(countWords);
  const band = Math.max(4, Math.floor(COMPARISONS_MAX / Math.max(left.length, right.length)));
  const likeness = (i: number, j: number): number => {
    const [one, other] = [left[i], right[j]];
    if (one === undefined || other === undefined || !canPair(one, other)) return 0;
    const share = dice(leftWords[i], rightWords[j]);
    return share >= SIMILAR ? share : 0;
  };
  return alignBest(likeness, { rows: left.length, columns: right.length, band });
}

function canPair(left: GapBlock, right: GapBlock): boolean {
  return left.editable && right.editable && left.type === right.type;
}

interface Words {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
}

function countWords({ text }: GapBlock): Words {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word] of text.slice(0, TEXT_MAX).matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
    total += 1;
  }
  return { counts, total };
}

/** Share of words that two texts have in common (Dice's coefficient over word counts). */
function dice(left: Words | undefined, right: Words | undefined): number {
  if (left === undefined || right === undefined || left.total + right.total === 0) return 0;
  let common = 0;
  for (const [word, count] of left.counts) common += Math.min(count, right.counts.get(word) ?? 0);
  return (2 * common) / (left.total + right.total);
}

interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** How far from the diagonal a pair may lie. */
  readonly band: number;
}

/** The alignment of greatest total likeness, by dynamic programming within a band around the diagonal. */
function alignBest(likeness: (row: number, column: number) => number, { rows, columns, band }: Grid): readonly Pair[] {
  const slope = columns / rows;
  const width = 2 * band + 1;
  const firstColumn = (row: number): number => Math.floor(row * slope) - band;
  const totals = new Float64Array((rows + 1) * (width + 1));
  const likenesses = new Float64Array(rows * width);
  const total = (row: number, column: number): number => {
    if (row >= rows || column >= columns) return 0;
    const at = Math.max(0, column - firstColumn(row));
    return at < width ? (totals[row * (width + 1) + at] ?? 0) : 0;
  };
  for (let row = rows - 1; row >= 0; row -= 1) {
    const first = firstColumn(row);
    for (let column = Math.min(columns, first + width) - 1; column >= Math.max(0, first); column -= 1) {
      const alike = likeness(row, column);
      likenesses[row * width + column - first] = alike;
      const paired = alike > 0 ? alike + total(row + 1, column + 1) : 0;
      totals[row * (width + 1) + column - first] = Math.max(paired, total(row + 1, column), total(row, column + 1));
    }
  }
  const pairs: Pair[] = [];
  let column = 0;
  for (let row = 0; row < rows && column < columns;) {
    const at = column - firstColumn(row);
    const alike = at >= 0 && at < width ? (likenesses[row * width + at] ?? 0) : 0;
    const best = total(row, column);
    if (alike > 0 && best === alike + total(row + 1, column + 1)) {
      pairs.push({ left: row, right: column });
      row += 1;
      column += 1;
    } else if (best === total(row + 1, column)) row += 1;
    else column += 1;
  }
  return pairs;
}
