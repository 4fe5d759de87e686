import { describe, expect, it } from 'vitest';
import { isDisplayName } from './display-name.ts';

describe('[APP14] a display name', () => {
  it.for([
    ['Latin', 'Zoë Müller-O’Brien'],
    ['a space between', 'Ada Lovelace'],
    ['Chinese', '李小龍'],
    ['Arabic', 'محمد'],
    ['Persian with a non-joiner', 'علی\u200Cرضا'],
    ['Malayalam with a joiner at the end', 'രാജന്\u200D'],
    ['Sinhala with a joiner', 'ශ්\u200Dරී'],
    ['Devanagari with a non-joiner', 'क्\u200Cष'],
    ['a Japanese name with a variant', '葛\u{E0100}城'],
    ['Thai', 'สมชาย'],
    ['Hebrew with points', 'שָׁלוֹם'],
    ['decomposed', 'Zoe\u0308'],
    ['an emoji', '😀'],
    ['a family', 'Lin 👨\u200D👩\u200D👧\u200D👦'],
    ['a heart with its variant', '❤\uFE0F\u200D🔥'],
    ['a skin tone in a joined emoji', '👩🏽\u200D🚀'],
    ['a flag', '🇨🇭'],
    ['a flag of a region', '🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}'],
    ['a keycap', '1\uFE0F\u20E3'],
    ['a sign alone', '?'],
  ] as const)('may hold %s', ([, name]) => {
    expect(isDisplayName(name)).toBe(true);
  });

  it.for([
    ['nothing', ''],
    ['only spaces', '   '],
    ['only an ideographic space', '\u3000'],
    ['only the blank of Braille', '\u2800'],
    ['only a joiner', '\u200D'],
    ['only a zero-width space', '\u200B'],
    ['only a Hangul filler', '\u3164'],
    ['only an accent', '\u0301'],
    ['a line break', 'Ada\nLin'],
    ['a line separator', 'Ada\u2028Lin'],
    ['a null', 'Ada\u0000'],
    ['a joiner after a Latin letter', 'A\u200Dda'],
    ['a joiner at the start', '\u200Dرضا'],
    ['two joiners', 'ی\u200C\u200Cر'],
    ['a zero-width space', 'Ada\u200BLin'],
    ['a byte order mark', 'Ada\uFEFF.'],
    ['a soft hyphen', 'Ada\u00ADLin'],
    ['a turn of the writing direction', 'Ada\u202Eniл'],
    ['an isolate', 'Ada\u2066Lin'],
    ['a variant of nothing', '\uFE0F'],
    ['tags without their flag', 'Ada\u{E0067}\u{E007F}'],
    ['half a pair', 'Ada\uD83D'],
    ['more than sixty characters', 'a'.repeat(61)],
  ] as const)('may not hold %s', ([, name]) => {
    expect(isDisplayName(name)).toBe(false);
  });

  it('is judged in one pass: what could be taken in two ways would keep the server for years', () => {
    expect(isDisplayName(`${'क'.repeat(58)}\u0000`)).toBe(false);
    expect(isDisplayName(`${'😀'.repeat(29)}\u0000`)).toBe(false);
  });
});
