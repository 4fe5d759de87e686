import * as Y from 'yjs';
import { checkDepth } from './json-value.ts';
import { readRuns } from './read-runs.ts';
import { liveContents, readState, type SharedType } from './read-state.ts';
import { RICH_TEXT_ROOT } from './render-json.ts';

/** Elements that break a line inside a block; they hold no text that would give them away. */
const LINE_BREAKS: ReadonlySet<string> = new Set(['hardBreak', 'hard_break']);

/**
 * Renders a state as plain text: the blocks of the XmlFragment `default`, a line each, then the other text and rich
 * text roots by name. No line feed behind the last line.
 */
export function renderText(state: Uint8Array): string {
  const parts: string[] = [];
  for (const { name, kind, type } of readState(state)) {
    const text = kind === 'fragment' ? renderBlocks(type) : kind === 'text' ? renderRuns(type) : null;
    if (text === null) continue;
    if (name === RICH_TEXT_ROOT && kind === 'fragment') parts.unshift(text);
    else parts.push(text);
  }
  return parts.join('\n');
}

function renderBlocks(fragment: SharedType): string {
  const lines: string[] = [];
  collectLines(fragment, lines, 0);
  return lines.join('\n');
}

/** Without a schema, what holds text beside it or in it is a line; what holds only elements holds lines. */
function collectLines(type: SharedType, lines: string[], depth: number): void {
  checkDepth(depth);
  const children = readChildren(type);
  if (children.some(isInline)) {
    lines.push(renderInlines(children, depth));
    return;
  }
  for (const child of children) {
    if (readChildren(child).length === 0) lines.push('');
    else collectLines(child, lines, depth + 1);
  }
}

/** Whether a type is text, or breaks a line of it. */
export function isInline(type: SharedType): boolean {
  return type instanceof Y.XmlText || (type instanceof Y.XmlElement && LINE_BREAKS.has(type.nodeName));
}

/** The text of neighbouring inline types. */
export function renderInlines(children: readonly SharedType[], depth: number): string {
  checkDepth(depth);
  return children
    .map((child) => {
      if (child instanceof Y.XmlText) return renderRuns(child);
      if (isInline(child)) return '\n';
      return renderInlines(readChildren(child), depth + 1);
    })
    .join('');
}

/** The text of one text type, without its formats. */
export function renderRuns(type: SharedType): string {
  return readRuns([type])
    .map((run) => (run.kind === 'text' ? run.text : ''))
    .join('');
}

/** The types below a type that are not deleted, in order. */
export function readChildren(type: SharedType): readonly SharedType[] {
  return [...liveContents(type)].flatMap((content) => (content instanceof Y.ContentType ? [content.type] : []));
}
