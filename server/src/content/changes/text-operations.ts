import type { ChangeOperation, ChangeResult } from '@scriptorium/shared/change-schemas';
import * as Y from 'yjs';
import { toInsert } from '../edit/write-nodes.ts';
import { parseNode } from '../parse-json.ts';
import type { ChangeStates } from './change-states.ts';
import { findElement } from './find-block.ts';
import { RefusedChange } from './refused-change.ts';
import {
  encodePosition,
  isGone,
  resolvePlace,
  resolveRange,
  toAbsolute,
  type CharacterRange,
} from './resolve-address.ts';

type TextOperation = Extract<ChangeOperation, { readonly op: 'insert' | 'delete' | 'replace' | 'format' }>;

/** Applies an operation on text. Refuses by throwing `RefusedChange`. */
export function applyTextOperation({ base, document }: ChangeStates, operation: TextOperation): ChangeResult {
  if (operation.op === 'insert') {
    const place = resolvePlace(base, operation.at);
    const { type, index } =
      'position' in place ? toAbsolute(document, place.position) : fillEmpty(document, place.empty);
    return insertText(type, index, operation);
  }
  const runs = findRuns(document, resolveRange(base, operation.range));
  const first = runs[0];
  if (first === undefined) throw new RefusedChange('deleted', 'nothing of the text is left');
  if (operation.op === 'format') return formatRuns(runs, operation.set);
  for (const { type, index, length } of runs.toReversed()) type.delete(index, length);
  if (operation.op === 'replace') return insertText(first.type, first.index, operation);
  const position = encodePosition(first.type, first.index);
  return { status: 'applied', start: position, end: position };
}

function fillEmpty(document: Y.Doc, block: string): { readonly type: Y.Text; readonly index: number } {
  const element = findElement(document, block);
  const known = element.toArray().find((child) => child instanceof Y.XmlText);
  if (known !== undefined) return { type: known, index: 0 };
  const type = new Y.XmlText();
  element.insert(0, [type]);
  return { type, index: 0 };
}

function insertText(
  type: Y.Text,
  index: number,
  { text, marks }: { readonly text: string; readonly marks?: unknown },
): ChangeResult {
  const node = parseNode({ type: 'text', text, ...(marks !== undefined && { marks }) });
  // Without marks it takes those of the text before it.
  if (marks === undefined) type.insert(index, text);
  else type.insert(index, text, toInsert(node).attributes);
  return { status: 'applied', start: encodePosition(type, index), end: encodePosition(type, index + text.length) };
}

/** Characters that stand side by side in one text type. */
interface Run {
  readonly type: Y.Text;
  readonly index: number;
  readonly length: number;
}

/** Where the characters are now, without those that were deleted; what others wrote between them is left out. */
function findRuns(document: Y.Doc, ranges: readonly CharacterRange[]): readonly Run[] {
  const types = new Set(ranges.flatMap((range) => typesOf(document, range)));
  return [...types].filter((type) => !isGone(type)).flatMap((type) => runsIn(type, ranges));
}

function typesOf(document: Y.Doc, { client, from, to }: CharacterRange): readonly Y.Text[] {
  const structs = document.store.clients.get(client) ?? [];
  const types = new Set<Y.Text>();
  for (let at = structs.length === 0 ? 0 : Y.findIndexSS(structs, from); at < structs.length; at += 1) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= to) break;
    if (!(struct instanceof Y.Item)) continue;
    const { parent } = struct;
    if (parent instanceof Y.Text) types.add(parent);
    // A root that nobody has asked for by its type is no text yet.
    else if (parent instanceof Y.AbstractType && parent._item === null && !(parent instanceof Y.XmlFragment))
      types.add(document.getText(Y.findRootTypeKey(parent)));
  }
  return [...types];
}

function runsIn(type: Y.Text, ranges: readonly CharacterRange[]): readonly Run[] {
  const runs: Run[] = [];
  let index = 0;
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const { client, clock } = item.id;
    const wanted = ranges
      .filter((range) => range.client === client && range.from < clock + item.length && range.to > clock)
      .map((range) => ({ from: Math.max(range.from, clock), to: Math.min(range.to, clock + item.length) }))
      .toSorted((left, right) => left.from - right.from);
    for (const { from, to } of wanted) addRun(runs, { type, index: index + from - clock, length: to - from });
    index += item.length;
  }
  return runs;
}

function addRun(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (last !== undefined && last.index + last.length === run.index)
    runs[runs.length - 1] = { ...last, length: last.length + run.length };
  else runs.push(run);
}

function formatRuns(runs: readonly Run[], set: Readonly<Record<string, unknown>>): ChangeResult {
  const attributes = Object.fromEntries(
    Object.entries(set).map(([type, attrs]) => {
      if (attrs === null) return [type, null];
      const { marks } = parseNode({ type: 'text', text: 'x', marks: [{ type, attrs }] });
      return [type, marks?.[0]?.attrs ?? {}];
    }),
  );
  for (const { type, index, length } of runs) type.format(index, length, attributes);
  const [first, last] = [runs[0], runs.at(-1)];
  if (first === undefined || last === undefined) throw new RefusedChange('deleted');
  return {
    status: 'applied',
    start: encodePosition(first.type, first.index),
    end: encodePosition(last.type, last.index + last.length),
  };
}
