import { operationsOf, playHistory, type History } from './history.ts';

/** Plays that a search may take; each costs as much as the history that is left. */
const MOST_PLAYS = 400;
/** With fewer operations chance falls otherwise, so a shorter history is tried with this many throws. */
const THROWS = 3;

/**
 * Leaves out of a failing history what it does not need to fail in the same way: halves first, then ever smaller parts
 * (delta debugging, by Andreas Zeller). What is left need not be the least.
 */
export async function shrinkHistory(history: History, mostPlays = MOST_PLAYS): Promise<History> {
  const wanted = kindOf((await playHistory(history)).findings[0]);
  let plays = 0;
  const fails = async (candidate: History): Promise<History | null> => {
    for (let noise = candidate.noise; noise < candidate.noise + THROWS && plays < mostPlays; noise += 1) {
      plays += 1;
      const thrown = { ...candidate, noise };
      if (kindOf((await playHistory(thrown)).findings[0]) === wanted) return thrown;
    }
    return null;
  };
  let best = history;
  for (let parts = 2; plays < mostPlays;) {
    const kept = best.kept ?? operationsOf(best).map((_, number) => number);
    const size = Math.ceil(kept.length / parts);
    const shorter = await firstFailing(cuts(kept, size), (cut) => fails({ ...best, kept: cut }));
    if (shorter !== null) {
      best = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size <= 1) break;
    else parts = Math.min(kept.length, parts * 2);
  }
  return best;
}

/** The list without each of its parts of this size, the last ones first: what came last is needed least often. */
function cuts(list: readonly number[], size: number): readonly (readonly number[])[] {
  const parts = Array.from({ length: Math.ceil(list.length / Math.max(1, size)) }, (_, index) => index * size);
  return parts.toReversed().map((from) => [...list.slice(0, from), ...list.slice(from + size)]);
}

async function firstFailing<Item>(
  items: readonly Item[],
  fails: (item: Item) => Promise<History | null>,
): Promise<History | null> {
  for (const item of items) {
    const failing = await fails(item);
    if (failing !== null) return failing;
  }
  return null;
}

/** A finding without the numbers and names in it, so that another history may fail with others. */
function kindOf(finding: string | undefined): string {
  return (finding ?? '').replaceAll(/[0-9.]+|<[^>]*>|client|reader/g, '').slice(0, 60);
}
