import { textOf, type ContentNode } from '../content-node.ts';
import { renderHtmlNode } from '../html/render-html.ts';
import { checkDepth } from '../json-value.ts';
import { renderInline, renderParagraph } from './render-inline.ts';
import { canBePipes, renderPipes } from './render-table.ts';

const LINES = { oneLine: false, inTable: false };
const ONE_LINE = { oneLine: true, inTable: false };
const LISTS: ReadonlySet<string> = new Set(['bulletList', 'taskList', 'orderedList']);
const ORDINAL_MAX = 999_999_999;

/**
 * Renders a document as Markdown (CommonMark with tables, strikethrough and task lists). What that has no sign for
 * (underline, a chosen writing direction, cells with several blocks) is written as HTML, which `parseMarkdown` reads
 * back. Of a node that the schema does not know, its content is shown.
 */
export function renderMarkdown(doc: ContentNode): string {
  const text = renderBlocks(doc.content ?? [], 0);
  return text === '' ? '' : `${text}\n`;
}

function renderBlocks(nodes: readonly ContentNode[], depth: number): string {
  checkDepth(depth);
  const parts: string[] = [];
  let alternate = false;
  for (const [index, node] of nodes.entries()) {
    const before = nodes[index - 1];
    // Two lists in a row would be one list, if their signs were the same.
    alternate = before !== undefined && markerOf(before) !== null && markerOf(before) === markerOf(node) && !alternate;
    const text = renderBlock(node, depth, alternate);
    if (text !== '') parts.push(text);
  }
  return parts.join('\n\n');
}

function markerOf({ type }: ContentNode): string | null {
  if (!LISTS.has(type)) return null;
  return type === 'orderedList' ? 'number' : 'dash';
}

function renderBlock(node: ContentNode, depth: number, alternate: boolean): string {
  const content = node.content ?? [];
  if (node.attrs?.['dir'] !== undefined) return renderOneLine(node);
  switch (node.type) {
    case 'paragraph':
      return renderParagraph(content, LINES);
    case 'heading':
      return renderHeading(node);
    case 'blockquote':
      return prefixLines(renderBlocks(content, depth + 1), '> ', '> ');
    case 'bulletList':
    case 'orderedList':
    case 'taskList':
      return renderList(node, depth, alternate);
    case 'codeBlock':
      return renderCode(node);
    case 'horizontalRule':
      return '---';
    case 'table':
      return canBePipes(node) ? renderPipes(node) : renderOneLine(node);
    default:
      return renderUnknown(node, depth);
  }
}

function renderHeading({ attrs, content = [] }: ContentNode): string {
  const signs = '#'.repeat(Number(attrs?.['level'] ?? 1));
  const text = renderInline(content, ONE_LINE);
  // Signs at the end would count as the heading's frame.
  return text === '' ? signs : `${signs} ${text.replace(/(?<!\\)((?:\\\\)*)#$/, '$1\\#')}`;
}

function renderCode(node: ContentNode): string {
  const text = textOf(node);
  const language = node.attrs?.['language'] ?? '';
  if (typeof language !== 'string' || /\s|^$/.test(language === '' ? '-' : language) || text.includes('\r'))
    return renderOneLine(node);
  const sign = language.includes('`') ? '~' : '`';
  const longest = Math.max(2, ...[...text.matchAll(sign === '~' ? /~+/g : /`+/g)].map(([run]) => run.length));
  const fence = sign.repeat(longest + 1);
  return `${fence}${language.replaceAll(/[\\&]/g, '\\$&')}\n${text === '' ? '' : `${text}\n`}${fence}`;
}

/** An empty line would end the HTML. */
function renderOneLine(node: ContentNode): string {
  return renderHtmlNode(node).replaceAll('\n', '&#10;').replaceAll('\r', '&#13;');
}

function renderList(list: ContentNode, depth: number, alternate: boolean): string {
  const items = list.content ?? [];
  const { start = 1, type = null } = list.attrs ?? {};
  const first = Number(start);
  // A task's box must be followed by its text, which leaves no place for the tag of a chosen direction.
  const isDirected = list.type === 'taskList' && items.some(({ content = [] }) => content[0]?.attrs !== undefined);
  if (isDirected || type !== null || first < 0 || first + items.length > ORDINAL_MAX) return renderOneLine(list);
  const texts = items.map((item, index) => {
    const marker = list.type === 'orderedList' ? `${first + index}${alternate ? ')' : '.'}` : alternate ? '*' : '-';
    const indent = ' '.repeat(marker.length + 1);
    return prefixLines(renderItem(item, depth + 1), `${marker} `, indent);
  });
  const isTight = items.every(
    ({ content = [] }) => content.length === 1 || (content.length === 2 && canFollow(content)),
  );
  return texts.join(isTight ? '\n' : '\n\n');
}

function renderItem(item: ContentNode, depth: number): string {
  const [first, ...rest] = item.content ?? [];
  const box = item.type === 'taskItem' ? `[${item.attrs?.['checked'] === true ? 'x' : ' '}]` : null;
  const text = first === undefined ? '' : renderBlock(first, depth, false);
  const head =
    box === null ? text : first?.content === undefined && first?.attrs === undefined ? box : `${box} ${text}`;
  if (rest.length === 0) return head;
  return head + (rest.length === 1 && canFollow(item.content ?? []) ? '\n' : '\n\n') + renderBlocks(rest, depth);
}

/** Whether a list can stand right below a paragraph: others, and any below HTML, would be read as part of it. */
function canFollow([first, next]: readonly ContentNode[]): boolean {
  return first?.attrs === undefined && (next?.type === 'bulletList' || next?.type === 'taskList');
}

function prefixLines(text: string, first: string, others: string): string {
  return text
    .split('\n')
    .map((line, index) => (index === 0 ? first + line : line === '' ? others.trimEnd() : others + line))
    .join('\n');
}

function renderUnknown(node: ContentNode, depth: number): string {
  if (node.text !== undefined) return renderInline([node], LINES);
  const content = node.content ?? [];
  if (content.length === 0) return `<!-- ${node.type.replaceAll(/[^\w.:-]/g, ' ').replaceAll('--', '- ')} -->`;
  return content.some(({ text }) => text !== undefined)
    ? renderInline(content, LINES)
    : renderBlocks(content, depth + 1);
}
