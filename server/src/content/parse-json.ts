import { ScriptoriumError } from '../core/errors.ts';
import type { ContentMark, ContentNode, JsonObject } from './content-node.ts';
import type { JsonValue } from './json-value.ts';
import { NODE_DEPTH_MAX, normaliseContent } from './normalise-content.ts';

/** Nodes and texts of one document; a 16 MiB body of the shortest nodes would hold many times as many. */
const NODE_COUNT_MAX = 500_000;
/** Nesting of plain values, as the gate takes it. */
const VALUE_DEPTH_MAX = 30;

/** What a JSON body asks a document to become. */
export interface JsonContent {
  readonly doc: ContentNode;
  /** Other roots by name; `null` when the body does not speak of them. */
  readonly roots: JsonObject | null;
}

/**
 * Reads a JSON body as it comes out of `renderJson`. Whether the nodes fit the schema is judged when they are written.
 *
 * Throws `invalid-content` or `limit-exceeded`.
 */
export function parseJson(value: unknown): JsonContent {
  const budget = { left: NODE_COUNT_MAX };
  const body = requireObject(value);
  const doc = normaliseContent(readNode(body, budget, 0));
  if (doc.type !== 'doc') throw invalid('the outermost node must be of type "doc"');
  const roots = body['roots'];
  return { doc, roots: roots === undefined ? null : readObject(roots) };
}

/** Reads one node that is no whole document. Throws `invalid-content` or `limit-exceeded`. */
export function parseNode(value: unknown): ContentNode {
  return normaliseContent(readNode(requireObject(value), { left: NODE_COUNT_MAX }, 0));
}

function readNode(value: Readonly<Record<string, unknown>>, budget: { left: number }, depth: number): ContentNode {
  budget.left -= 1;
  if (budget.left < 0) throw new ScriptoriumError('limit-exceeded', `more than ${NODE_COUNT_MAX} nodes`);
  if (depth > NODE_DEPTH_MAX)
    throw new ScriptoriumError('limit-exceeded', `the content is nested deeper than ${NODE_DEPTH_MAX} levels`);
  const { type, text, attrs, content, marks } = value;
  if (typeof type !== 'string' || type === '') throw invalid('a node has no type');
  if (type === 'text') return { type, text: readText(text), ...readMarks(marks) };
  if (content !== undefined && !Array.isArray(content)) throw invalid(`the content of "${type}" is no list`);
  return {
    type,
    ...(attrs !== undefined && attrs !== null && { attrs: readObject(attrs) }),
    ...(content !== undefined && {
      content: content.map((child: unknown) => readNode(requireObject(child), budget, depth + 1)),
    }),
    ...readMarks(marks),
  };
}

function readText(text: unknown): string {
  if (typeof text !== 'string' || text === '') throw invalid('a text node needs a text that is not empty');
  if (!text.isWellFormed()) throw invalid('a text holds half of a character');
  return text;
}

function readMarks(marks: unknown): { marks?: readonly ContentMark[] } {
  if (marks === undefined || marks === null) return {};
  if (!Array.isArray(marks)) throw invalid('marks must be a list');
  return {
    marks: marks.map((mark: unknown) => {
      const { type, attrs } = requireObject(mark);
      if (typeof type !== 'string' || type === '') throw invalid('a mark has no type');
      return { type, ...(attrs !== undefined && attrs !== null && { attrs: readObject(attrs) }) };
    }),
  };
}

function readObject(value: unknown): JsonObject {
  return readValue(requireObject(value), 0) as JsonObject;
}

function readValue(value: unknown, depth: number): JsonValue {
  if (depth > VALUE_DEPTH_MAX) throw new ScriptoriumError('limit-exceeded', 'a value is nested too deeply');
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((inner: unknown) => readValue(inner, depth + 1));
  return Object.fromEntries(
    Object.entries(requireObject(value)).map(([key, inner]) => {
      if (key === '__proto__') throw invalid('the key __proto__ is not allowed');
      return [key, readValue(inner, depth + 1)];
    }),
  );
}

function requireObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('an object is expected');
  return value as Readonly<Record<string, unknown>>;
}

function invalid(detail: string): ScriptoriumError {
  return new ScriptoriumError('invalid-content', detail);
}
