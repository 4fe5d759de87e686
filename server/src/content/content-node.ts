import type { JsonValue } from './json-value.ts';

export type JsonObject = { readonly [key: string]: JsonValue };

/** A mark on a piece of text, as ProseMirror writes it. */
export interface ContentMark {
  readonly type: string;
  readonly attrs?: JsonObject;
}

/** A node of the rich text, as ProseMirror writes it; the root is a node of type `doc`. */
export interface ContentNode {
  readonly type: string;
  readonly attrs?: JsonObject;
  readonly content?: readonly ContentNode[];
  readonly text?: string;
  readonly marks?: readonly ContentMark[];
}

/** The text of a node without its formatting; a line break counts as a line feed. */
export function textOf(node: ContentNode): string {
  if (node.text !== undefined) return node.text;
  if (node.type === 'hardBreak') return '\n';
  return (node.content ?? []).map(textOf).join('');
}

/** One string per value, the same for equal values whatever the order of their keys. */
export function keyOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(keyOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const keys = Object.keys(value).toSorted();
  const object = value as Readonly<Record<string, unknown>>;
  // What is undefined counts as not there, as in JSON.
  const entries = keys.flatMap((key) =>
    object[key] === undefined ? [] : [`${JSON.stringify(key)}:${keyOf(object[key])}`],
  );
  return `{${entries.join(',')}}`;
}
