/** A word in a text, as searching compares it. */
export interface Word {
  /** Lower case, without diacritics and compatibility forms. */
  readonly word: string;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** Letters, digits and the marks on them; a script that writes without spaces is taken character by character. */
const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]\p{M}*|[\p{L}\p{N}](?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}])[\p{L}\p{N}\p{M}])*/gu;
/** Longer runs are no words of a language; their beginning finds them. */
const WORD_MAX = 64;

/** Folds what people do not tell apart when they search. */
function foldWord(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .slice(0, WORD_MAX);
}

// oxlint-disable-next-line no-control-regex -- the whole of ASCII is meant
const ASCII = /^[\u0000-\u007F]*$/;
const ASCII_WORDS = /[a-z0-9]+/gi;

/** The words of a text, in order. */
export function splitWords(text: string): readonly Word[] {
  const words: Word[] = [];
  if (ASCII.test(text)) {
    // The same words in a fifth of the time: there is nothing to fold but capitals.
    for (const { 0: found, index } of text.matchAll(ASCII_WORDS)) {
      words.push({ word: found.slice(0, WORD_MAX).toLowerCase(), start: index, end: index + found.length });
    }
    return words;
  }
  for (const match of text.matchAll(WORDS)) {
    const word = foldWord(match[0]);
    if (word !== '') words.push({ word, start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/** The text as an index takes it: its folded words, a space between each. */
export function toIndexText(text: string): string {
  return splitWords(text)
    .map(({ word }) => word)
    .join(' ');
}
