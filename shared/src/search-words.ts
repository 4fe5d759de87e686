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

/** The words of a text, in order. */
export function splitWords(text: string): readonly Word[] {
  const words: Word[] = [];
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
