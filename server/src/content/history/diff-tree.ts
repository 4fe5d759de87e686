import * as Y from 'yjs';
import { keyOf, type ContentMark, type JsonObject } from '../content-node.ts';
import { checkDepth, toJsonValue, type JsonValue } from '../json-value.ts';
import type { SharedType } from '../read-state.ts';
import { renderMark } from '../render-json.ts';
import type { AttributedRange, Edit } from './authorship.ts';

/** A stretch of text that came about in one way. */
export interface DiffRange {
  readonly kind: 'same' | 'inserted' | 'deleted' | 'formatted';
  /** U+FFFC stands for an embedded value. */
  readonly text: string;
  readonly marks?: readonly ContentMark[];
  /** Who did what `kind` says; for `same`, who wrote it, where that was asked for. */
  readonly edit: Edit | null;
}

/** A node with what stands in it. */
export interface DiffBlock {
  readonly kind: 'same' | 'inserted' | 'deleted' | 'changed';
  /** Address of the block. */
  readonly id: string;
  readonly type: string;
  readonly attrs: JsonObject;
  /** Attributes as they were, when they changed. */
  readonly attrsBefore?: JsonObject;
  readonly edit: Edit | null;
  readonly content: readonly (DiffBlock | DiffRange)[];
}

/** Divides a range of a client's clocks, of which all or nothing is deleted by now. */
export type Classify = (range: {
  readonly client: number;
  readonly from: number;
  readonly to: number;
  readonly isDeleted: boolean;
}) => readonly (AttributedRange & { readonly kind: 'same' | 'inserted' | 'deleted' | 'hidden' })[];

/** Reads what stands in a type, deleted things included where `classify` shows them. */
export function readDiffTree(type: SharedType, classify: Classify, depth = 0): readonly (DiffBlock | DiffRange)[] {
  checkDepth(depth);
  const out: (DiffBlock | DiffRange)[] = [];
  const formats = new FormatTrack();
  for (let item = type._start; item !== null; item = item.right) {
    const { clock } = item.id;
    for (const part of classify(rangeOf(item))) {
      if (part.kind === 'hidden') continue;
      const { content } = item;
      if (content instanceof Y.ContentFormat) formats.apply(content, part.kind, part.edit);
      else if (content instanceof Y.ContentString)
        addRange(out, formats.toRange(content.str.slice(part.from - clock, part.to - clock), part));
      else if (content instanceof Y.ContentEmbed) addRange(out, formats.toRange('\ufffc', part));
      else if (content instanceof Y.ContentType) addType(out, item, { part, classify, depth });
    }
  }
  return out;
}

type Part = ReturnType<Classify>[number];

function rangeOf({ id, length, deleted }: Y.Item): Parameters<Classify>[0] {
  return { client: id.client, from: id.clock, to: id.clock + length, isDeleted: deleted };
}

function addType(
  out: (DiffBlock | DiffRange)[],
  item: Y.Item,
  { part, classify, depth }: { readonly part: Part; readonly classify: Classify; readonly depth: number },
): void {
  const type = (item.content as Y.ContentType).type as unknown as SharedType;
  const content = readDiffTree(type, classify, depth + 1);
  if (type instanceof Y.XmlText || !(type instanceof Y.XmlElement)) {
    for (const one of content)
      if ('text' in one) addRange(out, one);
      else out.push(one);
    return;
  }
  const { attrs, attrsBefore, edit } = readAttributes(type, classify);
  const isChanged = part.kind === 'same' && keyOf(attrs) !== keyOf(attrsBefore);
  out.push({
    kind: isChanged ? 'changed' : (part.kind as 'same'),
    id: `${item.id.client}:${item.id.clock}`,
    type: type.nodeName,
    attrs,
    ...(isChanged && { attrsBefore }),
    edit: isChanged ? edit : part.edit,
    content,
  });
}

interface Attributes {
  readonly attrs: JsonObject;
  readonly attrsBefore: JsonObject;
  readonly edit: Edit | null;
}

function readAttributes(type: SharedType, classify: Classify): Attributes {
  const after: [string, JsonValue][] = [];
  const before: [string, JsonValue][] = [];
  let edit: Edit | null = null;
  for (const [key, newest] of type._map) {
    for (let item: Y.Item | null = newest; item !== null; item = item.left) {
      const [part] = classify(rangeOf(item));
      if (part === undefined || part.kind === 'hidden') continue;
      const value = toJsonValue(item.content.getContent()[item.length - 1]);
      if (part.kind !== 'deleted') after.push([key, value]);
      if (part.kind !== 'inserted') before.push([key, value]);
      if (part.kind !== 'same') edit ??= part.edit;
    }
  }
  return { attrs: Object.fromEntries(after), attrsBefore: Object.fromEntries(before), edit };
}

/** Follows the formats of a text as they were and as they are. */
class FormatTrack {
  readonly #before = new Map<string, unknown>();
  readonly #after = new Map<string, unknown>();
  readonly #edits = new Map<string, Edit | null>();

  apply(
    { key, value }: { readonly key: unknown; readonly value: unknown },
    kind: Part['kind'],
    edit: Edit | null,
  ): void {
    if (kind !== 'inserted') set(this.#before, String(key), value);
    if (kind !== 'deleted') set(this.#after, String(key), value);
    if (kind !== 'same') this.#edits.set(String(key), edit);
  }

  toRange(text: string, { kind, edit }: Part): DiffRange {
    const formats = kind === 'deleted' ? this.#before : this.#after;
    const marks = [...formats].map(([key, value]) => renderMark(key, value, 0) as unknown as ContentMark);
    const changed = kind === 'same' ? this.#changedKey() : null;
    return {
      kind: changed === null ? (kind as DiffRange['kind']) : 'formatted',
      text,
      ...(marks.length > 0 && { marks }),
      edit: changed === null ? edit : (this.#edits.get(changed) ?? null),
    };
  }

  #changedKey(): string | null {
    for (const key of new Set([...this.#before.keys(), ...this.#after.keys()])) {
      if (keyOf(this.#before.get(key)) !== keyOf(this.#after.get(key))) return key;
    }
    return null;
  }
}

function set(formats: Map<string, unknown>, key: string, value: unknown): void {
  if (value === null || value === undefined) formats.delete(key);
  else formats.set(key, value);
}

/** Joins a stretch to the one before when both came about in the same way. */
function addRange(out: (DiffBlock | DiffRange)[], range: DiffRange): void {
  const last = out.at(-1);
  const isJoined =
    last !== undefined &&
    'text' in last &&
    last.kind === range.kind &&
    last.edit?.actor === range.edit?.actor &&
    keyOf(last.marks) === keyOf(range.marks);
  if (isJoined) out[out.length - 1] = { ...last, text: last.text + range.text };
  else out.push(range);
}
