/** Levels of a list that Word has. */
export const LIST_LEVELS = 9;
/** Stand before a task that is done, and before one that is not: Word has no list of tasks. */
export const CHECKED = '☒ ';
export const UNCHECKED = '☐ ';

/** The style of what follows the first paragraph of a list item, as Word calls it; levels count from 0. */
export function continuationStyle(level: number): string {
  return level === 0 ? 'List Continue' : `List Continue ${level + 1}`;
}
