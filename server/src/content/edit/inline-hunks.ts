import type { InlineToken } from './inline-pieces.ts';
import { matchSequences } from './match-sequences.ts';

/** A stretch of what is there, and the stretch that takes its place; in characters, inline things counting as one. */
export interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly targetFrom: number;
  readonly targetTo: number;
}

/** The stretches in which two token lists differ, from the first to the last, narrowed down to characters. */
export function findHunks(base: readonly InlineToken[], target: readonly InlineToken[]): readonly Hunk[] {
  const ids = new Map<string, number>();
  const idOf = ({ key }: InlineToken): number => {
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    return id;
  };
  const runs = matchSequences(base.map(idOf), target.map(idOf));
  const [baseAt, targetAt] = [offsetsOf(base), offsetsOf(target)];
  const hunks: Hunk[] = [];
  let [left, right] = [0, 0];
  for (const run of [...runs, { left: base.length, right: target.length, length: 0 }]) {
    if (run.left > left || run.right > right) {
      const hunk = {
        from: baseAt[left] ?? 0,
        to: baseAt[run.left] ?? 0,
        targetFrom: targetAt[right] ?? 0,
        targetTo: targetAt[run.right] ?? 0,
      };
      hunks.push(narrow(hunk, textOf(base.slice(left, run.left)), textOf(target.slice(right, run.right))));
    }
    left = run.left + run.length;
    right = run.right + run.length;
  }
  return hunks;
}

/** Place of each token, and the place behind the last one. */
function offsetsOf(tokens: readonly InlineToken[]): readonly number[] {
  const offsets = [0];
  for (const { length } of tokens) offsets.push((offsets.at(-1) ?? 0) + length);
  return offsets;
}

/** The text of tokens; `null` when there is an inline thing among them. */
function textOf(tokens: readonly InlineToken[]): string | null {
  return tokens.some(({ text }) => text === null) ? null : tokens.map(({ text }) => text).join('');
}

/** Leaves out what both texts begin and end with, without cutting a character in two. */
function narrow(hunk: Hunk, base: string | null, target: string | null): Hunk {
  if (base === null || target === null) return hunk;
  const most = Math.min(base.length, target.length);
  let prefix = 0;
  while (prefix < most && base[prefix] === target[prefix]) prefix += 1;
  if (prefix > 0 && isHighSurrogate(base, prefix - 1)) prefix -= 1;
  let suffix = 0;
  while (suffix < most - prefix && base[base.length - 1 - suffix] === target[target.length - 1 - suffix]) suffix += 1;
  if (suffix > 0 && isLowSurrogate(base, base.length - suffix)) suffix -= 1;
  return {
    from: hunk.from + prefix,
    to: hunk.to - suffix,
    targetFrom: hunk.targetFrom + prefix,
    targetTo: hunk.targetTo - suffix,
  };
}

function isHighSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function isLowSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
