/** Longest display name, in UTF-16 units. */
export const DISPLAY_NAME_MAX_LENGTH = 60;

/** Scripts with letters that a joiner or a non-joiner gives another shape. */
const JOINING_SCRIPTS =
  'Arab Syrc Mand Nkoo Adlm Rohg Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Newa Tibt Mymr Khmr Lana Cakm Java Bali';

const PLAIN = String.raw`[^\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
/** Chooses a variant of the sign before it, as for emoji and in Japanese names. */
const VARIANT = String.raw`\p{Variation_Selector}?`;
const JOINABLE = [
  String.raw`\p{Extended_Pictographic}\p{Emoji_Modifier}`,
  ...JOINING_SCRIPTS.split(' ').map((script) => String.raw`\p{Script_Extensions=${script}}`),
].join('');
/** Only behind what it shapes: elsewhere two names would look alike, one with it and one without. */
const JOINER = String.raw`(?:(?<=[${JOINABLE}]${VARIANT})[\u200C\u200D])?`;
/** Only behind the black flag, which they turn into the one of a region. */
const TAGS = String.raw`(?:(?<=\u{1F3F4})[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,8}\u{E007F})?`;
const SIGNS = new RegExp(`^(?:${PLAIN}${VARIANT}${JOINER}${TAGS})+$`, 'v');

/** Something that leaves a mark on the page; the blank of Braille does not. */
const VISIBLE = /[[\p{L}\p{N}\p{P}\p{S}]--[\u2800]]/v;

/** Whether others can read a name: no controls, no invisible characters but those that shape others, not only blanks. */
export function isDisplayName(text: string): boolean {
  return text.length <= DISPLAY_NAME_MAX_LENGTH && SIGNS.test(text) && VISIBLE.test(text);
}
