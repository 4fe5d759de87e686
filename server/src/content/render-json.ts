import * as Y from 'yjs';
import type { JsonObject } from './content-node.ts';
import { checkDepth, toJsonValue, type JsonValue } from './json-value.ts';
import { readRuns, type Run } from './read-runs.ts';
import { liveContents, liveEntries, readState, type Root, type SharedType } from './read-state.ts';

/** The XmlFragment that holds the rich text, by Tiptap's convention. */
export const RICH_TEXT_ROOT = 'default';

/** Marks that may lie on the same text twice carry a hash behind their name (y-prosemirror and y-tiptap write it so). */
const OVERLAPPING_MARK = /^(.+)--[A-Za-z0-9+/=]{8}$/s;

/**
 * Renders a state as a ProseMirror document made from the XmlFragment `default`, without any schema: element names are
 * node types, attributes are attributes, formats are marks. Other roots stand under `roots` by name.
 */
export function renderJson(state: Uint8Array): JsonObject {
  let richText: JsonObject = { type: 'doc', content: [] };
  const others: [string, JsonValue][] = [];
  for (const root of readState(state)) {
    if (root.name === RICH_TEXT_ROOT && root.kind === 'fragment') richText = renderFragment(root.type, 0);
    else others.push([root.name, renderRoot(root)]);
  }
  return others.length === 0 ? richText : { ...richText, roots: Object.fromEntries(others) };
}

/** What stands under `roots` for a root besides the rich text. */
export function renderRoot({ kind, type }: Root): JsonValue {
  switch (kind) {
    case 'fragment':
      return renderFragment(type, 0);
    case 'text':
      return renderText(type, 0);
    case 'map':
      return renderMap(type, 0);
    case 'array':
      return renderArray(type, 0);
  }
}

function renderFragment(type: SharedType, depth: number): JsonObject {
  return { type: 'doc', content: renderChildren(type, depth) };
}

/** The children of a type as nodes. */
export function renderChildren(type: SharedType, depth: number): readonly JsonObject[] {
  checkDepth(depth);
  const nodes: JsonObject[] = [];
  let texts: Y.XmlText[] = [];
  const flushTexts = (): void => {
    for (const run of readRuns(texts)) nodes.push(renderInline(run, depth + 1));
    texts = [];
  };
  for (const content of liveContents(type)) {
    if (!(content instanceof Y.ContentType)) continue;
    const child = content.type;
    if (child instanceof Y.XmlText) {
      texts.push(child);
      continue;
    }
    flushTexts();
    nodes.push(renderNode(child, depth + 1));
  }
  flushTexts();
  return nodes;
}

/** An element as a node, by its name, attributes and children. */
export function renderNode(type: SharedType, depth: number): JsonObject {
  const name = type instanceof Y.XmlElement ? type.nodeName : type instanceof Y.XmlHook ? type.hookName : 'fragment';
  const attributes = [...liveEntries(type)].filter(([, value]) => value !== undefined);
  const children = renderChildren(type, depth);
  return {
    type: name,
    ...(attributes.length > 0 && {
      attrs: Object.fromEntries(attributes.map(([key, value]) => [key, renderValue(value, depth + 1)])),
    }),
    ...(children.length > 0 && { content: children }),
  };
}

function renderInline(run: Run, depth: number): JsonObject {
  const marks = [...run.format].map(([key, value]) => renderMark(key, value, depth));
  const node =
    run.kind === 'text'
      ? { type: 'text', text: run.text }
      : { type: 'embed', attrs: { value: renderValue(run.value, depth) } };
  return marks.length > 0 ? { ...node, marks } : node;
}

/**
 * One format of a text as a mark. Its attributes are the format's object; editors that are not ProseMirror write
 * `true` or a plain value.
 */
export function renderMark(key: string, value: unknown, depth: number): JsonObject {
  const type = OVERLAPPING_MARK.exec(key)?.[1] ?? key;
  if (value === true) return { type };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { type, attrs: { value: toJsonValue(value, depth) } };
  return Object.keys(value).length === 0 ? { type } : { type, attrs: toJsonValue(value, depth) };
}

/** A plain text is a string; one with formats or embedded things is the list of its runs, as Yjs calls it a delta. */
function renderText(type: SharedType, depth: number): JsonValue {
  checkDepth(depth);
  const runs = readRuns([type]);
  if (runs.every((run) => run.kind === 'text' && run.format.size === 0)) return plainText(runs);
  return {
    delta: runs.map((run) => ({
      insert: run.kind === 'text' ? run.text : renderValue(run.value, depth + 1),
      ...(run.format.size > 0 && {
        attributes: Object.fromEntries([...run.format].map(([key, value]) => [key, toJsonValue(value, depth + 1)])),
      }),
    })),
  };
}

function plainText(runs: readonly Run[]): string {
  return runs.map((run) => (run.kind === 'text' ? run.text : '')).join('');
}

function renderMap(type: SharedType, depth: number): JsonObject {
  checkDepth(depth);
  return Object.fromEntries([...liveEntries(type)].map(([key, value]) => [key, renderValue(value, depth + 1)]));
}

function renderArray(type: SharedType, depth: number): readonly JsonValue[] {
  checkDepth(depth);
  return [...liveContents(type)].flatMap((content) =>
    content.getContent().map((value) => renderValue(value, depth + 1)),
  );
}

/** A value inside a document: plain, or another shared type. */
function renderValue(value: unknown, depth: number): JsonValue {
  if (value instanceof Y.Doc) return null;
  if (!(value instanceof Y.AbstractType)) return toJsonValue(value, depth);
  if (value instanceof Y.XmlElement || value instanceof Y.XmlHook) return renderNode(value, depth);
  if (value instanceof Y.XmlFragment) return renderFragment(value, depth);
  if (value instanceof Y.Text) return renderText(value, depth);
  return value instanceof Y.Array ? renderArray(value, depth) : renderMap(value, depth);
}
