import { Fragment, type Mark, type Node, type NodeType } from '@tiptap/pm/model';
import { ScriptoriumError } from '../core/errors.ts';
import type { ContentMark, ContentNode } from './content-node.ts';
import { editorSchema, findMarkType, findNodeType } from './editor-schema.ts';

/** What attributes must be like; the schema of the editor does not say. */
const ATTRIBUTE_CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  level: (value) => value === 1 || value === 2 || value === 3,
  checked: (value) => typeof value === 'boolean',
  start: (value) => Number.isSafeInteger(value) && Math.abs(value as number) < 1e9,
  colspan: isSpan,
  rowspan: isSpan,
  language: (value) => typeof value === 'string',
};

function isSpan(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 1_000;
}

/**
 * Checks that an editor could hold this node: known types, children that fit, known attributes of the right kind.
 * An editor deletes what does not fit, so it must not be written.
 *
 * Throws `unknown-node` or `invalid-content`.
 */
export function checkNode(node: ContentNode): void {
  toNode(node);
}

/** Checks one node against the types of its children, which may be unknown; deeper levels are not looked at. */
export function checkLevel(node: ContentNode): void {
  const type = requireType(node.type);
  const children = (node.content ?? []).map((child) =>
    child.text === undefined ? findNodeType(child.type)?.create() : toText(child),
  );
  checkAttributes(node);
  // An unknown child is there already and stays; what stands beside it cannot be judged.
  if (children.every((child) => child !== undefined)) checkFit(type, Fragment.from(children));
}

/** Whether the schema lacks the type of this node, of one inside it, or of a mark on them. */
export function containsUnknown(node: ContentNode): boolean {
  if (node.text === undefined && findNodeType(node.type) === null) return true;
  return (node.content ?? []).some(containsUnknown);
}

function toNode(node: ContentNode): Node {
  if (node.text !== undefined) return toText(node);
  const type = requireType(node.type);
  checkAttributes(node);
  const fragment = Fragment.from((node.content ?? []).map(toNode));
  checkFit(type, fragment);
  return type.create(node.attrs, fragment, toMarks(node.marks));
}

function toText({ text, marks }: ContentNode): Node {
  if (text === undefined || text === '') throw new ScriptoriumError('invalid-content', 'a text node is empty');
  return editorSchema.text(text, toMarks(marks));
}

/** Marks that the schema does not know are formats like any other to Yjs, and editors leave them alone. */
function toMarks(marks: readonly ContentMark[] = []): readonly Mark[] {
  return marks.flatMap((mark) => findMarkType(mark.type)?.create(mark.attrs) ?? []);
}

function requireType(name: string): NodeType {
  const type = findNodeType(name);
  if (type === null) throw new ScriptoriumError('unknown-node', `the schema has no node "${name.slice(0, 60)}"`);
  return type;
}

function checkAttributes({ type, attrs = {} }: ContentNode): void {
  for (const [key, value] of Object.entries(attrs)) {
    if (ATTRIBUTE_CHECKS[key]?.(value) === false)
      throw new ScriptoriumError(
        'invalid-content',
        `the attribute "${key}" of "${type}" has a value that it cannot have`,
      );
  }
}

function checkFit(type: NodeType, fragment: Fragment): void {
  if (!type.validContent(fragment))
    throw new ScriptoriumError('invalid-content', `"${type.name}" cannot hold what it was given`);
}
