/** Number of letters to insert, delete or replace to turn one text into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const remove = (previous[column] ?? 0) + 1;
      const insert = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replace, remove, insert));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/** The candidate that takes the fewest letters to reach; `null` when there are no candidates. */
export function findNearestName(name: string, candidates: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance >= least) continue;
    nearest = candidate;
    least = distance;
  }
  return nearest;
}
