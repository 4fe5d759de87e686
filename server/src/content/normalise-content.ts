import { ScriptoriumError } from '../core/errors.ts';
import { keyOf, type ContentMark, type ContentNode, type JsonObject } from './content-node.ts';
import { findMarkType, findNodeType, markDefaultsOf, markRankOf, nodeDefaultsOf } from './editor-schema.ts';

/** Nesting of nodes that is written; the gate takes shared types 64 deep. */
export const NODE_DEPTH_MAX = 60;

/**
 * Brings a node into the form in which an editor would store it, so that equal content is equal: defaults filled in,
 * null attributes of nodes left out, marks in the schema's order, neighbouring texts of equal marks joined. What the
 * schema does not know is left as it is.
 */
export function normaliseContent(node: ContentNode, depth = 0): ContentNode {
  if (depth > NODE_DEPTH_MAX)
    throw new ScriptoriumError('limit-exceeded', `the content is nested deeper than ${NODE_DEPTH_MAX} levels`);
  const marks = normaliseMarks(node.marks);
  const withMarks = marks.length > 0 ? { marks } : {};
  if (node.text !== undefined) return { type: 'text', text: node.text, ...withMarks };
  const attrs = normaliseAttributes(node);
  const content = joinTexts((node.content ?? []).map((child) => normaliseContent(child, depth + 1)));
  return {
    type: node.type,
    ...(Object.keys(attrs).length > 0 && { attrs }),
    ...(content.length > 0 && { content }),
    ...withMarks,
  };
}

function normaliseAttributes({ type, attrs = {} }: ContentNode): JsonObject {
  if (findNodeType(type) === null) return attrs;
  const given = Object.entries(attrs).filter(([, value]) => value !== null);
  const attributes = Object.fromEntries([...Object.entries(nodeDefaultsOf(type)), ...given]);
  return Object.keys(attributes).length < 2 ? attributes : sortKeys(attributes);
}

/** In one order, so that equal nodes have equal texts. */
function sortKeys(attributes: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(attributes).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** One string per node that was brought into its form, the same for equal nodes; much faster than `keyOf`. */
export function normalKeyOf(node: ContentNode): string {
  return JSON.stringify(node);
}

function normaliseMarks(marks: readonly ContentMark[] = []): readonly ContentMark[] {
  if (marks.length === 0) return marks;
  return marks
    .map((mark) => {
      if (findMarkType(mark.type) === null) return mark;
      const defaults = markDefaultsOf(mark.type);
      const all = { ...defaults, ...mark.attrs };
      const attrs = Object.keys(all).length === Object.keys(defaults).length ? all : sortKeys(all);
      return { type: mark.type, ...(Object.keys(attrs).length > 0 && { attrs }) };
    })
    .toSorted((left, right) => markRankOf(left.type) - markRankOf(right.type) || compareKeys(left, right));
}

function compareKeys(left: ContentMark, right: ContentMark): number {
  if (left === right) return 0;
  const [leftKey, rightKey] = [keyOf(left), keyOf(right)];
  return leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : 0;
}

/** Joins neighbouring texts of equal marks. */
export function joinTexts(nodes: readonly ContentNode[]): readonly ContentNode[] {
  const joined: ContentNode[] = [];
  for (const node of nodes) {
    const last = joined.at(-1);
    if (node.text !== undefined && last?.text !== undefined && haveEqualMarks(last, node))
      joined[joined.length - 1] = { ...last, text: last.text + node.text };
    else joined.push(node);
  }
  return joined;
}

function haveEqualMarks(left: ContentNode, right: ContentNode): boolean {
  if (left.marks === undefined || right.marks === undefined) return left.marks === right.marks;
  return JSON.stringify(left.marks) === JSON.stringify(right.marks);
}
