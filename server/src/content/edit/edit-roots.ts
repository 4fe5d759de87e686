import type * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';
import { keyOf, type JsonObject } from '../content-node.ts';
import type { JsonValue } from '../json-value.ts';
import { findRoots, type Root } from '../read-state.ts';
import { RICH_TEXT_ROOT, renderRoot } from '../render-json.ts';
import { findHunks } from './inline-hunks.ts';
import { tokensOfNodes } from './inline-pieces.ts';

/**
 * Brings the roots besides the rich text to what a JSON body says: a text by insertions and deletions, a map key by
 * key, a list where it differs. A root of which the body says nothing stays; a new one becomes a text, map or list.
 *
 * Throws `invalid-content` where a root would become one of another kind.
 */
export function editRoots(document: Y.Doc, target: JsonObject): void {
  const roots = new Map(findRoots(document).map((root) => [root.name, root]));
  for (const [name, value] of Object.entries(target)) {
    const root = roots.get(name);
    if (root !== undefined && keyOf(renderRoot(root)) === keyOf(value)) continue;
    if (name === RICH_TEXT_ROOT) throw cannotBecome(name);
    editRoot(document, { name, root }, value);
  }
}

function editRoot(
  document: Y.Doc,
  { name, root }: { readonly name: string; readonly root: Root | undefined },
  value: JsonValue,
): void {
  const kind = root?.kind ?? kindOf(value);
  if (kind !== kindOf(value)) throw cannotBecome(name);
  if (kind === 'text') return replaceText(document.getText(name), value as string);
  if (kind === 'map') return editMap(document.getMap(name), value as JsonObject);
  if (kind === 'array') return editList(document.getArray(name), value as readonly JsonValue[]);
  throw cannotBecome(name);
}

function kindOf(value: JsonValue): Root['kind'] {
  if (typeof value === 'string') return 'text';
  if (Array.isArray(value)) return 'array';
  // A rich text or a text with formats beside the main one is compared, but not rewritten.
  return typeof value === 'object' && value !== null && !('delta' in value) && !('content' in value)
    ? 'map'
    : 'fragment';
}

function cannotBecome(name: string): ScriptoriumError {
  return new ScriptoriumError('invalid-content', `the root "${name.slice(0, 60)}" cannot become what the body says`);
}

/** Edits a plain text in place. */
export function replaceText(text: Y.Text, target: string): void {
  const tokens = (plain: string) => tokensOfNodes([{ type: 'text', text: plain }]);
  const delta = text.toDelta() as readonly { readonly insert: unknown }[];
  if (delta.some(({ insert }) => typeof insert !== 'string'))
    throw new ScriptoriumError('unknown-node', 'the text holds embedded values that a plain text cannot name');
  for (const hunk of findHunks(tokens(text.toString()), tokens(target)).toReversed()) {
    if (hunk.to > hunk.from) text.delete(hunk.from, hunk.to - hunk.from);
    if (hunk.targetTo > hunk.targetFrom) text.insert(hunk.from, target.slice(hunk.targetFrom, hunk.targetTo));
  }
}

function editMap(map: Y.Map<unknown>, target: JsonObject): void {
  const is = renderRoot({ name: '', kind: 'map', type: map }) as JsonObject;
  for (const key of Object.keys(is)) if (!Object.hasOwn(target, key)) map.delete(key);
  for (const [key, value] of Object.entries(target)) {
    if (!Object.hasOwn(is, key) || keyOf(is[key]) !== keyOf(value)) map.set(key, value);
  }
}

function editList(list: Y.Array<unknown>, target: readonly JsonValue[]): void {
  const is = renderRoot({ name: '', kind: 'array', type: list }) as readonly JsonValue[];
  const isEqual = (left: number, right: number): boolean => keyOf(is[left]) === keyOf(target[right]);
  const most = Math.min(is.length, target.length);
  let start = 0;
  while (start < most && isEqual(start, start)) start += 1;
  let end = 0;
  while (end < most - start && isEqual(is.length - 1 - end, target.length - 1 - end)) end += 1;
  if (is.length - end > start) list.delete(start, is.length - end - start);
  if (target.length - end > start) list.insert(start, target.slice(start, target.length - end));
}
