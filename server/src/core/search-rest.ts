/** Milliseconds between two writes of one document into the index, whichever nodes do them. */
export const LEAST_REST = 1_000;
const MOST_REST = 30_000;
/** Bytes of state for each millisecond of rest: a second for 100 KB. */
const BYTES_PER_MILLISECOND = 100;

/**
 * How long a document rests after it was written into the index. Reading and writing it again takes some thirty
 * milliseconds of a processor for each 100 KB, so one in which somebody writes all the time takes a few percent, whatever
 * its size, and an ordinary one is found within two seconds.
 *
 * @param bytes of the state that was written
 */
export function restAfterWrite(bytes: number): number {
  return Math.min(MOST_REST, Math.max(LEAST_REST, bytes / BYTES_PER_MILLISECOND));
}

/** Milliseconds in which changes are collected for one write of an index that is searched. */
const GATHER = 300;
/** The same for one that nobody searches: whoever begins to, gets what has been collected first. */
const GATHER_UNSEARCHED = 300_000;
/** Milliseconds that an index counts as searched after a search. */
const SEARCHED_FOR = 300_000;

/**
 * How long changes are collected for one write of the index. What nobody looks for need not be fresh, and one write of a
 * document costs the same however much was changed in it.
 *
 * @param sinceSearch milliseconds since the last search; `null` for an index of which that is not known
 */
export function gatherFor(sinceSearch: number | null): number {
  return sinceSearch === null || sinceSearch < SEARCHED_FOR ? GATHER : GATHER_UNSEARCHED;
}
