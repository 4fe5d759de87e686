import { describe, expect, it } from 'vitest';
import { choosePersonColour, initialsOf, PERSON_COLOURS } from './person-colour.ts';

const DARK_PAGE = '#17181b';

function linear(hex: string): readonly [number, number, number] {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2 contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [red, green, blue] = linear(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Lightness of OKLab (Ottosson, 2020). */
function lightness(hex: string): number {
  const [red, green, blue] = linear(hex);
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

describe('colours of people', () => {
  it.for([...PERSON_COLOURS])('[APP1] %s carries white text at 4.5:1 and stands out from a dark page', (colour) => {
    expect(contrast(colour, '#ffffff')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour, DARK_PAGE)).toBeGreaterThanOrEqual(3);
  });

  it('[APP1] all twelve have one lightness', () => {
    expect(new Set(PERSON_COLOURS).size).toBe(12);
    for (const colour of PERSON_COLOURS) expect(lightness(colour)).toBeCloseTo(0.55, 2);
  });

  it('[APP2] a user keeps the same colour, and two who are present differ', () => {
    expect(choosePersonColour('ada')).toBe(choosePersonColour('ada'));
    const taken = new Set<string>();
    for (let person = 0; person < PERSON_COLOURS.length; person += 1) taken.add(choosePersonColour('ada', taken));
    expect(taken.size).toBe(PERSON_COLOURS.length);
    expect(PERSON_COLOURS).toContain(choosePersonColour('ada', taken));
  });

  it.for([
    ['Ada', 'A'],
    ['Ada Lovelace', 'AL'],
    ['ada king-noel lovelace', 'AL'],
    ['😀 Lin', '😀L'],
    ['👨\u200D👩\u200D👧 Lin', '👨\u200D👩\u200D👧L'],
    ['e\u0301lan', 'E\u0301'],
    ['  ', '?'],
  ] as const)('[APP3] %s is shown as %s', ([name, initials]) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
