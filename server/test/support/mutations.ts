import type { Random } from './random.ts';

/** Changes an update at random places, one to four times; `other` is a second update to splice with. */
export function mutateUpdate(update: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = update;
  const times = random.chance(0.6) ? 1 : 1 + random.below(4);
  for (let count = 0; count < times; count += 1) bytes = random.pick(MUTATIONS)(bytes, other, random);
  return bytes;
}

type Mutation = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array;

const INTERESTING_BYTES: readonly number[] = [
  0, 1, 2, 4, 7, 8, 9, 10, 31, 32, 63, 64, 68, 127, 128, 129, 132, 135, 192, 196, 200, 255,
];
const INTERESTING_VARINTS: readonly (readonly number[])[] = [
  [0],
  [1],
  [127],
  [128, 1],
  [128, 0],
  [255, 255, 3],
  [255, 255, 255, 255, 15],
  [128, 128, 128, 128, 128, 32],
  [255, 255, 255, 255, 255, 255, 255, 15],
  [128, 128, 128, 128, 128, 128, 128, 128, 1],
  [128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0],
];

const MUTATIONS: readonly Mutation[] = [
  (bytes, _other, random) => replaceAt(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, _other, random) => replaceAt(bytes, random, () => random.pick(INTERESTING_BYTES)),
  (bytes, _other, random) => replaceAt(bytes, random, (byte) => (byte + (random.chance(0.5) ? 1 : 255)) & 255),
  (bytes, _other, random) => replaceAt(bytes, random, () => bytes[random.below(bytes.length)] ?? 0),
  (bytes, _other, random) =>
    spliceBytes(bytes, { at: random.below(bytes.length + 1), remove: 0, insert: [random.pick(INTERESTING_BYTES)] }),
  (bytes, _other, random) =>
    spliceBytes(bytes, { at: random.below(bytes.length), remove: 1 + random.below(3), insert: [] }),
  (bytes, _other, random) =>
    spliceBytes(bytes, { at: random.below(bytes.length), remove: 1, insert: random.pick(INTERESTING_VARINTS) }),
  (bytes, _other, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, other, random) =>
    join(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))),
  (bytes, other, random) => {
    const insert = piece(other, 12, random);
    return spliceBytes(bytes, { at: random.below(bytes.length + 1), remove: random.below(4), insert });
  },
  (bytes, _other, random) => {
    const insert = piece(bytes, 16, random);
    return spliceBytes(bytes, { at: random.below(bytes.length + 1), remove: 0, insert });
  },
];

function piece(bytes: Uint8Array, atMost: number, random: Random): Uint8Array {
  const from = random.below(bytes.length + 1);
  return bytes.subarray(from, from + random.below(atMost));
}

function replaceAt(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  const at = random.below(bytes.length);
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly insert: ArrayLike<number>;
}

function spliceBytes(bytes: Uint8Array, { at, remove, insert }: Splice): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + remove));
  const result = new Uint8Array(at + insert.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(insert, at);
  result.set(rest, at + insert.length);
  return result;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const result = new Uint8Array(first.length + second.length);
  result.set(first);
  result.set(second, first.length);
  return result;
}
