/** A reproducible source of chance (mulberry32). */
export interface SeededRandom {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** Whole number in [0, below). */
  below(limit: number): number;
}

/** Takes the seed from `SEED`, else from the clock, and prints it, so that a failure can be run again. */
export function createSeededRandom(label: string): SeededRandom {
  const given = process.env['SEED'];
  const seed = given === undefined ? Date.now() % 2 ** 31 : Number.parseInt(given, 10);
  process.stdout.write(`${label}: SEED=${seed}\n`);
  return seededRandom(seed);
}

/** The generator for a known seed. */
function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return { seed, next, below: (limit) => Math.floor(next() * limit) };
}
