import type { Snippet } from '@scriptorium/shared/search-highlight';
import { parseSearchQuery } from '@scriptorium/shared/search-query';
import { splitWords } from '@scriptorium/shared/search-words';
import type { SearchHit } from '../../ports/search-index.ts';

const SUGGESTIONS_MAX = 5;

/**
 * The query with its last word as it stands in what was found: longer where it is a beginning, right where it was
 * mistyped. It is made of the given hits and nothing else, so it knows no word that they do not show.
 */
export function suggestQueries(query: string, hits: readonly SearchHit[]): readonly string[] {
  const typed = splitWords(query);
  const last = typed.at(-1);
  const term = parseSearchQuery(query).terms.at(-1);
  // Only a word that may still be typed on; within quotes, words are as they stand.
  if (last === undefined || term?.kind !== 'word' || !term.prefix) return [];
  const others = new Set(typed.slice(0, -1).map(({ word }) => word));
  const counts = new Map<string, number>();
  for (const { word, text } of hits.flatMap(markedWords)) {
    // What was found for another word of the query says nothing about the last one.
    if (word === last.word || others.has(word) || !isLike(word, last.word)) continue;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([one, times], [other, otherTimes]) => otherTimes - times || (one < other ? -1 : 1))
    .slice(0, SUGGESTIONS_MAX)
    .map(([text]) => query.slice(0, last.start) + text);
}

/** A beginning goes on with the same letters; a mistyped word begins alike, or ends alike. */
function isLike(word: string, typed: string): boolean {
  return word.startsWith(typed) || word[0] === typed[0] || word.slice(-2) === typed.slice(-2);
}

function markedWords(hit: SearchHit): readonly { readonly word: string; readonly text: string }[] {
  return [hit.titleSnippet, ...hit.blocks.map(({ snippet }) => snippet)].flatMap(wordsOfSnippet);
}

function wordsOfSnippet({ text, ranges }: Snippet): readonly { readonly word: string; readonly text: string }[] {
  return ranges.flatMap(({ start, end }) => {
    const found = text.slice(start, end);
    return splitWords(found).map((word) => ({
      word: word.word,
      text: found.slice(word.start, word.end).toLowerCase(),
    }));
  });
}
