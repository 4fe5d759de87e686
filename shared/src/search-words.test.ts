import { describe, expect, it } from 'vitest';
import { cutSnippet, findRanges } from './search-highlight.ts';
import { allowedTypos, isWithinTypos, parseSearchQuery } from './search-query.ts';
import { splitWords, toIndexText } from './search-words.ts';

describe('words', () => {
  it('[FIND1] case, diacritics and compatibility forms make no difference', () => {
    expect(toIndexText('Crème BRÛLÉE, ﬁne! Straße x²')).toBe('creme brulee fine strasse x2');
  });

  it('[FIND1] a script without spaces is taken character by character', () => {
    expect(toIndexText('東京タワー 2026')).toBe('東 京 タ ワ ー 2026');
  });

  it('[FIND1] plain texts are taken as all others are', () => {
    const plain = 'The E-mail of 2026, "QUOTED" and_joined  (tab\tline\n) ' + 'x'.repeat(80);
    const words = splitWords(plain);
    // A letter with an accent behind it takes the way of all other texts.
    expect(splitWords(`${plain} é`).slice(0, -1)).toEqual(words);
    expect(words.slice(0, 4).map(({ word }) => word)).toEqual(['the', 'e', 'mail', 'of']);
  });

  it('[FIND1] a word knows where it stands', () => {
    const text = 'a Café, naïve';
    expect(splitWords(text).map(({ start, end }) => text.slice(start, end))).toEqual(['a', 'Café', 'naïve']);
  });
});

describe('a query', () => {
  it('[FIND2] is words, phrases in quotes and exclusions; the last word is a beginning', () => {
    expect(parseSearchQuery('red "blue sky" -green -"dark night" yel')).toEqual({
      terms: [
        { kind: 'word', word: 'red', prefix: false },
        { kind: 'phrase', words: ['blue', 'sky'] },
        { kind: 'word', word: 'yel', prefix: true },
      ],
      without: [
        { kind: 'word', word: 'green', prefix: false },
        { kind: 'phrase', words: ['dark', 'night'] },
      ],
    });
  });

  it('[FIND2] a space behind the last word ends it', () => {
    expect(parseSearchQuery('red ').terms).toEqual([{ kind: 'word', word: 'red', prefix: false }]);
  });

  it.each(['', '   ', '"', '-', '--', '"-', '!!!', '-"'])('[FIND2] %j asks for nothing and does not fail', (text) => {
    expect(parseSearchQuery(text)).toEqual({ terms: [], without: [] });
  });

  it('[FIND2] what is written as one and holds several words is a phrase', () => {
    expect(parseSearchQuery('e-mail').terms).toEqual([{ kind: 'phrase', words: ['e', 'mail'] }]);
  });
});

describe('typing mistakes', () => {
  it.each([
    ['serach', 'search', 1],
    ['serch', 'search', 1],
    ['seaarch', 'search', 1],
    ['seerch', 'search', 1],
    ['colaboratoin', 'collaboration', 2],
  ] as const)('[FIND3] %s is %s with %i', (typed, word, most) => {
    expect(isWithinTypos(typed, word, most)).toBe(true);
    expect(isWithinTypos(typed, word, most - 1)).toBe(false);
  });

  it('[FIND3] short words and numbers are taken as they are', () => {
    expect([allowedTypos('cat'), allowedTypos('2026'), allowedTypos('house'), allowedTypos('household')]).toEqual([
      0, 0, 1, 2,
    ]);
  });
});

describe('highlights', () => {
  const terms = parseSearchQuery('"blue sky" caf').terms;

  it('[FIND4] are ranges of the text as it is written', () => {
    const text = 'A Café under the BLUE sky, blue sea';
    const ranges = findRanges(text, { terms, variants: new Set(['sea']) });
    expect(ranges.map(({ start, end }) => text.slice(start, end))).toEqual(['Café', 'BLUE sky', 'sea']);
  });

  it('[FIND4] a snippet is cut between words, around what was found, and its ranges fit it', () => {
    const text = `${'before '.repeat(60)}a café${' behind'.repeat(60)}`;
    const snippet = cutSnippet(text, findRanges(text, { terms, variants: new Set() }), 80);
    expect(snippet).toMatchObject({ cutStart: true, cutEnd: true });
    expect(snippet.text.length).toBeLessThanOrEqual(80);
    expect(snippet.text).toMatch(/^before .* behind ?$/);
    expect(snippet.ranges.map(({ start, end }) => snippet.text.slice(start, end))).toEqual(['café']);
  });
});
