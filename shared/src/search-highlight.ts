import type { Term } from './search-query.ts';
import { splitWords, type Word } from './search-words.ts';

/** A stretch of a text, in UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A part of a text with what was found in it. */
export interface Snippet {
  readonly text: string;
  readonly ranges: readonly TextRange[];
  /** Whether text was left out in front and behind. */
  readonly cutStart: boolean;
  readonly cutEnd: boolean;
}

/** What counts as found: the terms of the query, and words that stand in for mistyped ones. */
export interface Sought {
  readonly terms: readonly Term[];
  readonly variants: ReadonlySet<string>;
}

/** Where a text holds what was sought, in order, without overlaps. */
export function findRanges(text: string, sought: Sought): readonly TextRange[] {
  const words = splitWords(text);
  const ranges: TextRange[] = [];
  let index = 0;
  while (index < words.length) {
    const length = matchAt(words, index, sought);
    const [first, last] = [words[index], words[index + length - 1]];
    if (length > 0 && first !== undefined && last !== undefined) ranges.push({ start: first.start, end: last.end });
    index += Math.max(1, length);
  }
  return ranges;
}

/** Number of words, from the index on, that are found there; 0 when nothing is. */
function matchAt(words: readonly Word[], index: number, sought: Sought): number {
  const word = words[index]?.word ?? '';
  let longest = sought.variants.has(word) ? 1 : 0;
  for (const term of sought.terms) {
    if (term.kind === 'word') {
      if (term.prefix ? word.startsWith(term.word) : word === term.word) longest = Math.max(longest, 1);
    } else if (term.words.every((part, offset) => words[index + offset]?.word === part)) {
      longest = Math.max(longest, term.words.length);
    }
  }
  return longest;
}

/** The part of a text around what was found first, of about so many characters, cut between words. */
export function cutSnippet(text: string, ranges: readonly TextRange[], length = 160): Snippet {
  if (text.length <= length) return { text, ranges, cutStart: false, cutEnd: false };
  const first = ranges[0]?.start ?? 0;
  const start = findBreak(text, Math.max(0, Math.min(first - Math.floor(length / 4), text.length - length)), 'after');
  const end = findBreak(text, Math.min(text.length, start + length), 'before');
  return {
    text: text.slice(start, end),
    ranges: ranges
      .filter((range) => range.start >= start && range.end <= end)
      .map((range) => ({ start: range.start - start, end: range.end - start })),
    cutStart: start > 0,
    cutEnd: end < text.length,
  };
}

/** Farthest that a cut is moved to find a gap between words. */
const BREAK_REACH = 24;

function findBreak(text: string, at: number, side: 'before' | 'after'): number {
  if (at === 0 || at === text.length) return at;
  for (let moved = 0; moved < BREAK_REACH; moved += 1) {
    const place = side === 'after' ? at + moved : at - moved;
    if (/\s/.test(text[place - 1] ?? ' ')) return place;
  }
  // Not through a pair of surrogates.
  return /[\uDC00-\uDFFF]/.test(text[at] ?? '') ? at - 1 : at;
}
