import { checkDepth } from '../json-value.ts';
import { textOf, type ContentMark, type ContentNode, type JsonObject } from '../content-node.ts';
import { isSafeAddress } from './safe-address.ts';

/**
 * Renders a node's children as HTML. Only what stands in this file is ever written, and every text and value is
 * escaped, so nothing in a document can become a script or a handler. Line feeds in code are written as they are.
 * A node that the schema does not know is an element that names it, with its content.
 */
export function renderHtml(node: ContentNode): string {
  return renderAll(node.content ?? [], 0);
}

/** Renders one node with its tags. */
export function renderHtmlNode(node: ContentNode, depth = 0): string {
  checkDepth(depth);
  if (node.text !== undefined) return renderText(node);
  return wrapMarks(
    renderElement(node, depth),
    (node.marks ?? []).filter((mark) => diffMarks.has(mark)),
  );
}

/** Marks that a diff made; a document may hold others of the same name, which mean nothing. */
const diffMarks = new WeakSet<ContentMark>();

/** A mark that shows what a diff found; only one made here is rendered as such. */
export function diffMark(kind: 'inserted' | 'deleted' | 'formatted' | 'changed', author: string | null): ContentMark {
  const mark: ContentMark = { type: kind, attrs: { author } };
  diffMarks.add(mark);
  return mark;
}

function wrapDiff(inner: string, { type, attrs }: ContentMark): string {
  const author = attribute('data-author', attrs?.['author']);
  if (type === 'inserted') return wrap('ins', author, inner);
  return type === 'deleted' ? wrap('del', author, inner) : wrap('span', ` data-diff="${type}"${author}`, inner);
}

function renderElement(node: ContentNode, depth: number): string {
  const inner = (): string => renderAll(node.content ?? [], depth + 1);
  const { attrs = {} } = node;
  switch (node.type) {
    case 'paragraph':
      return `<p${direction(attrs)}>${inner()}</p>`;
    case 'heading':
      return wrap(`h${headingLevel(attrs)}`, direction(attrs), inner());
    case 'blockquote':
      return `<blockquote>${inner()}</blockquote>`;
    case 'bulletList':
      return `<ul>${inner()}</ul>`;
    case 'orderedList':
      return wrap('ol', attribute('start', attrs['start'], 1) + attribute('type', attrs['type']), inner());
    case 'listItem':
      return `<li>${inner()}</li>`;
    case 'taskList':
      return `<ul data-type="taskList">${inner()}</ul>`;
    case 'taskItem':
      return renderTask(attrs['checked'] === true, inner());
    case 'codeBlock':
      return renderCode(node);
    case 'horizontalRule':
      return '<hr>';
    case 'hardBreak':
      return '<br>';
    case 'table':
      return `<table><tbody>${inner()}</tbody></table>`;
    case 'tableRow':
      return `<tr>${inner()}</tr>`;
    case 'tableCell':
      return wrap('td', cellAttributes(attrs), inner());
    case 'tableHeader':
      return wrap('th', cellAttributes(attrs), inner());
    default:
      return wrap('div', attribute('data-node', node.type), inner());
  }
}

function renderAll(nodes: readonly ContentNode[], depth: number): string {
  return keepSpaces(nodes)
    .map((node) => renderHtmlNode(node, depth))
    .join('');
}

/** Stands for a space that HTML would fold away, until it is written as a reference. */
const HARD_SPACE = '\ue5e5';
/** A document may hold that sign too; then it is written as what it is. */
const HARD_SPACE_REFERENCE = '&#58853;';

/** Marks the spaces that HTML does not show: at the ends of a block, beside line breaks, and behind another. */
function keepSpaces(nodes: readonly ContentNode[]): readonly ContentNode[] {
  let isSpaceBefore = true;
  return nodes.map((node, index) => {
    if (node.text === undefined) {
      isSpaceBefore = true;
      return node;
    }
    const isLast = nodes[index + 1]?.text === undefined;
    const signs = escapeHtml(node.text).replaceAll(HARD_SPACE, HARD_SPACE_REFERENCE);
    const spaced = signs.replaceAll(/ +/g, (run, at: number) => {
      const isEnd = at + run.length === signs.length;
      const soft = (at > 0 || !isSpaceBefore) && !(isEnd && isLast) ? 1 : 0;
      return ' '.repeat(soft) + HARD_SPACE.repeat(run.length - soft);
    });
    isSpaceBefore = node.text.endsWith(' ');
    return { ...node, text: spaced };
  });
}

function wrap(name: string, attributes: string, inner: string): string {
  return `<${name}${attributes}>${inner}</${name}>`;
}

function headingLevel({ level }: JsonObject): number {
  return typeof level === 'number' && level >= 1 && level <= 6 ? Math.floor(level) : 1;
}

function direction({ dir }: JsonObject): string {
  return dir === 'ltr' || dir === 'rtl' ? ` dir="${dir}"` : '';
}

/** The state stands in the attribute; the box is for readers, and is not read back. */
function renderTask(checked: boolean, inner: string): string {
  const box = `<label><input type="checkbox" disabled${checked ? ' checked' : ''}></label>`;
  return `<li data-type="taskItem" data-checked="${checked}">${box}<div>${inner}</div></li>`;
}

function renderCode(node: ContentNode): string {
  const language = node.attrs?.['language'];
  const name = typeof language === 'string' ? ` class="language-${escapeHtml(language)}"` : '';
  const text = (node.content ?? []).map(textOf).join('');
  // The first line feed behind the tag is not part of the text.
  return `<pre><code${name}>${text.startsWith('\n') ? '\n' : ''}${escapeHtml(text)}</code></pre>`;
}

function cellAttributes({ colspan, rowspan, colwidth, align }: JsonObject): string {
  const widths = Array.isArray(colwidth) ? colwidth.join(',') : null;
  return (
    attribute('colspan', colspan, 1) +
    attribute('rowspan', rowspan, 1) +
    attribute('data-colwidth', widths) +
    attribute('data-align', align)
  );
}

function attribute(name: string, value: unknown, standard?: unknown): string {
  if (value === standard || (typeof value !== 'string' && typeof value !== 'number')) return '';
  return ` ${name}="${escapeHtml(String(value))}"`;
}

const MARK_TAGS: Readonly<Record<string, string>> = {
  bold: 'strong',
  italic: 'em',
  strike: 's',
  underline: 'u',
  code: 'code',
};

const SPACES: Readonly<Record<string, string>> = {
  '\n': '&#10;',
  '\t': '&#9;',
  '\r': '&#13;',
  '\f': '&#12;',
  [HARD_SPACE]: '&#32;',
};

/** A text is escaped already, when its spaces are marked. */
function renderText({ text = '', marks = [] }: ContentNode): string {
  return wrapMarks(
    text.replaceAll(/[\n\t\r\f\ue5e5]/g, (sign) => SPACES[sign] ?? sign),
    marks,
  );
}

/** Puts the tags of marks around a rendered text. */
export function wrapMarks(inner: string, marks: readonly ContentMark[]): string {
  return marks.reduceRight((html, mark) => {
    if (diffMarks.has(mark)) return wrapDiff(html, mark);
    const { type, attrs = {} } = mark;
    if (type === 'link') return renderLink(html, attrs);
    const tag = MARK_TAGS[type];
    return tag === undefined ? html : `<${tag}>${html}</${tag}>`;
  }, inner);
}

function renderLink(inner: string, { href, title, target, rel, class: name }: JsonObject): string {
  if (typeof href !== 'string' || !isSafeAddress(href)) return inner;
  const attributes = { href, title, target, rel, class: name };
  return wrap(
    'a',
    Object.entries(attributes)
      .map(([key, value]) => attribute(key, value))
      .join(''),
    inner,
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\u00a0': '&nbsp;',
};

/** Escapes a text for a place between tags or inside double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"\u00a0]/g, (sign) => ESCAPES[sign] ?? sign);
}
