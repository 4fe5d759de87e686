/**
 * Twelve colours for people: OKLCH with lightness 0.55, hues 30 degrees apart from 20 on, and as much chroma (up to
 * 0.16) as sRGB holds. White text on each has a contrast of at least 4.5:1; on a dark page each has more than 3:1.
 */
export const PERSON_COLOURS = [
  '#bd4049',
  '#b25201',
  '#93690d',
  '#767700',
  '#34871d',
  '#118568',
  '#118186',
  '#127ca3',
  '#346ecd',
  '#735cc7',
  '#994caa',
  '#b2417f',
] as const;

/** A colour of a person, as six-digit RGB. */
export type PersonColour = (typeof PERSON_COLOURS)[number];

/** From one choice to the next: far around the wheel, and every colour is reached. */
const STEP = 5;

/**
 * The colour of a user: always the same one for the same id, unless somebody else present has it already. With more
 * than twelve people colours repeat.
 */
export function choosePersonColour(userId: string, taken: ReadonlySet<string> = new Set()): PersonColour {
  const first = hashText(userId) % PERSON_COLOURS.length;
  for (let round = 0; round < PERSON_COLOURS.length; round += 1) {
    const colour = PERSON_COLOURS[(first + round * STEP) % PERSON_COLOURS.length];
    if (colour !== undefined && !taken.has(colour)) return colour;
  }
  return PERSON_COLOURS[first] ?? PERSON_COLOURS[0];
}

/** At most two letters that stand for a name: the first of its first and of its last word. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => word !== '');
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  // What is seen as one sign may be several characters: a family, a conjunct, a letter with its accent.
  const signs = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const letters = chosen.map((word) => signs.segment(word ?? '').containing(0)?.segment ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}
