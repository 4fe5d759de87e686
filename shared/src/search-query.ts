import { splitWords } from './search-words.ts';

/** A part of what somebody searches for. */
export type Term =
  /** A word; the last one of a query, while it is typed, is a beginning. */
  | { readonly kind: 'word'; readonly word: string; readonly prefix: boolean }
  /** Words that stand one behind the other. */
  | { readonly kind: 'phrase'; readonly words: readonly string[] };

export interface SearchQuery {
  /** All of them have to be there. */
  readonly terms: readonly Term[];
  /** None of them may be there. */
  readonly without: readonly Term[];
}

/** Terms that are taken of a query; what is behind them would only make it slower. */
const TERMS_MAX = 10;

/**
 * Reads what somebody typed: words, `"phrases in quotes"`, and `-word` or `-"phrase"` for what must not be there. The
 * last word is a beginning unless something follows it. Never fails: a quote that is not closed ends with the text.
 */
export function parseSearchQuery(text: string): SearchQuery {
  const terms: Term[] = [];
  const without: Term[] = [];
  for (const part of text.matchAll(/(^|\s)(-?)(?:"([^"]*)(?:"|$)|(\S+))/gu)) {
    const [, , minus = '', quoted, bare] = part;
    const isLast = part.index + part[0].length === text.length;
    const found = quoted === undefined ? readBare(bare ?? '', isLast && minus === '') : readPhrase(quoted);
    (minus === '' ? terms : without).push(...found);
  }
  return { terms: terms.slice(0, TERMS_MAX), without: without.slice(0, TERMS_MAX) };
}

/** What is written as one but holds several words (`e-mail`, a run of Han characters) is a phrase. */
function readBare(text: string, prefix: boolean): readonly Term[] {
  const words = splitWords(text).map(({ word }) => word);
  const [first] = words;
  if (first === undefined) return [];
  return words.length === 1 ? [{ kind: 'word', word: first, prefix }] : [{ kind: 'phrase', words }];
}

function readPhrase(text: string): readonly Term[] {
  const words = splitWords(text).map(({ word }) => word);
  const [first] = words;
  if (first === undefined) return [];
  return words.length === 1 ? [{ kind: 'word', word: first, prefix: false }] : [{ kind: 'phrase', words }];
}

/** How many typing mistakes a word may hold: none in a short one, where a changed letter is another word. */
export function allowedTypos(word: string): 0 | 1 | 2 {
  if (/\d/.test(word) || word.length < 4) return 0;
  return word.length < 8 ? 1 : 2;
}

/**
 * The word and every word that lacks one of its letters. Two words that are one mistake apart have one of these in
 * common (the symmetric deletions of SymSpell), whatever the mistake is.
 */
export function deletionsOf(word: string): readonly string[] {
  return [...new Set([word, ...Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))])];
}

/**
 * Whether one word becomes the other with at most so many mistakes: a letter too much, missing, wrong, or two
 * neighbours exchanged (optimal string alignment).
 */
export function isWithinTypos(typed: string, word: string, most: number): boolean {
  if (Math.abs(typed.length - word.length) > most) return false;
  let beforeLast: number[] = [];
  let last = Array.from({ length: word.length + 1 }, (_, index) => index);
  for (let row = 1; row <= typed.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= word.length; column += 1) {
      const same = typed[row - 1] === word[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const isSwap =
        row > 1 && column > 1 && typed[row - 1] === word[column - 2] && typed[row - 2] === word[column - 1];
      if (isSwap) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return false;
    beforeLast = last;
    last = current;
  }
  return at(last, word.length) <= most;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
