import { createRandom, type Random } from '../support/random.ts';

/** Chance from one seed, a stream of its own for each purpose, so that more of one thing does not move all others. */
export interface RandomStreams {
  stream(purpose: string): Random;
}

/** @param noise another one gives other streams for the same seed */
export function createRandomStreams(seed: number, noise = 0): RandomStreams {
  return { stream: (purpose) => createRandom(mix(`${seed} ${noise} ${purpose}`)) };
}

/** A whole number from `from` to below `to`. */
export function between(random: Random, from: number, to: number): number {
  return from + random.below(to - from);
}

/** A number in [0, 1). */
export function fraction(random: Random): number {
  return random.below(2 ** 30) / 2 ** 30;
}

/** FNV-1a. */
function mix(text: string): number {
  let mixed = 0x811c9dc5;
  for (const character of text) mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return mixed >>> 0;
}
