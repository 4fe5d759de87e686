import { keyOf, type ContentMark, type ContentNode, type JsonObject } from '../content-node.ts';
import { markDefaultsOf } from '../editor-schema.ts';
import { escapeHtml, wrapMarks } from '../html/render-html.ts';
import { isSafeAddress } from '../html/safe-address.ts';
import { joinTexts, normalKeyOf, normaliseContent } from '../normalise-content.ts';
import { escapeText } from './escape-text.ts';
import { EMPTY_PARAGRAPH, parseMarkdown } from './parse-markdown.ts';

export interface InlinePlace {
  /** Where a line break cannot be a new line. */
  readonly oneLine: boolean;
  readonly inTable: boolean;
}

/** Marks from the outermost to the innermost. */
const ORDER: readonly string[] = ['link', 'bold', 'italic', 'strike', 'underline', 'code'];
const DELIMITERS: Readonly<Record<string, string>> = { bold: '**', italic: '*', strike: '~~' };

/**
 * Renders the content of a block of text. Whether `*` and its like are read back as they are meant depends on what
 * stands around them, so the result is read back, and where it differs, marks are written as HTML.
 */
export function renderInline(nodes: readonly ContentNode[], place: InlinePlace): string {
  const known = knownPart(nodes);
  const signs = renderRun(known, place, false);
  if (known.every(({ marks }) => marks === undefined)) return signs;
  return isReadBack(signs, known, place) ? signs : renderRun(known, place, true);
}

/** What Markdown can say: marks of the schema, links that may be followed. */
function knownPart(nodes: readonly ContentNode[]): readonly ContentNode[] {
  return joinTexts(
    nodes.map((node): ContentNode => {
      if (node.text === undefined) return node;
      const marks = (node.marks ?? []).filter(
        ({ type, attrs }) => ORDER.includes(type) && (type !== 'link' || isLink(attrs)),
      );
      const isCode = marks.find(({ type }) => type === 'code');
      return { type: 'text', text: node.text, ...(marks.length > 0 && { marks: isCode ? [isCode] : marks }) };
    }),
  );
}

function isLink(attrs: JsonObject = {}): boolean {
  return typeof attrs['href'] === 'string' && isSafeAddress(attrs['href']);
}

function isReadBack(source: string, nodes: readonly ContentNode[], { inTable }: InlinePlace): boolean {
  const read = parseMarkdown(inTable ? `|${source}|\n|-|` : source).content ?? [];
  const block = inTable ? read[0]?.content?.[0]?.content?.[0]?.content?.[0] : read.length === 1 ? read[0] : undefined;
  return (
    block !== undefined && normalKeyOf(block) === normalKeyOf(normaliseContent({ type: 'paragraph', content: nodes }))
  );
}

function renderRun(nodes: readonly ContentNode[], place: InlinePlace, asHtml: boolean): string {
  let out = '';
  let open: readonly ContentMark[] = [];
  let isLineStart = true;
  for (const [index, node] of nodes.entries()) {
    const next = nodes[index + 1];
    const marks =
      node.text === undefined
        ? sharedMarks(open, next?.marks ?? [])
        : sortMarks(node.marks ?? [], open, nodes.slice(index));
    const kept = countShared(open, marks);
    out += open
      .slice(kept)
      .toReversed()
      .map((mark) => closeMark(mark, asHtml))
      .join('');
    out += marks
      .slice(kept)
      .map((mark) => openMark(mark, asHtml))
      .join('');
    open = marks;
    if (node.text === undefined) {
      const isPlain = !place.oneLine && !isLineStart && next?.text !== undefined && node.type === 'hardBreak';
      out += isPlain ? '\\\n' : node.type === 'hardBreak' ? '<br>' : '';
      isLineStart = true;
      continue;
    }
    const isLineEnd = next?.text === undefined;
    out += renderText(node, { ...place, isLineStart, isLineEnd }, asHtml);
    isLineStart = false;
  }
  return (
    out +
    open
      .toReversed()
      .map((mark) => closeMark(mark, asHtml))
      .join('')
  );
}

function renderText(node: ContentNode, place: Parameters<typeof escapeText>[1], asHtml: boolean): string {
  const { text = '', marks = [] } = node;
  const isCode = marks.some(({ type }) => type === 'code');
  if (!isCode || asHtml || /[\n\r]/.test(text)) return escapeText(text, place);
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$|^ .* $/s.test(text) ? ' ' : '';
  return fence + pad + (place.inTable ? text.replaceAll('|', '\\|') : text) + pad + fence;
}

/** Marks that are open already come first, then those that last longest. */
function sortMarks(
  marks: readonly ContentMark[],
  open: readonly ContentMark[],
  rest: readonly ContentNode[],
): readonly ContentMark[] {
  const keys = new Set(marks.map(keyOf));
  const kept = open.slice(0, open.findIndex((mark) => !keys.has(keyOf(mark))) >>> 0);
  const keptKeys = new Set(kept.map(keyOf));
  const lasting = (mark: ContentMark): number => {
    const key = keyOf(mark);
    const end = rest.findIndex(
      (node) => node.text !== undefined && !(node.marks ?? []).some((other) => keyOf(other) === key),
    );
    return end === -1 ? rest.length : end;
  };
  const fresh = marks.filter((mark) => !keptKeys.has(keyOf(mark)));
  const order = (mark: ContentMark): number => ORDER.indexOf(mark.type);
  return [...kept, ...fresh.toSorted((left, right) => lasting(right) - lasting(left) || order(left) - order(right))];
}

function sharedMarks(open: readonly ContentMark[], next: readonly ContentMark[]): readonly ContentMark[] {
  const keys = new Set(next.map(keyOf));
  const end = open.findIndex((mark) => !keys.has(keyOf(mark)));
  return end === -1 ? open : open.slice(0, end);
}

function countShared(left: readonly ContentMark[], right: readonly ContentMark[]): number {
  let count = 0;
  while (count < left.length && count < right.length && keyOf(left[count]) === keyOf(right[count])) count += 1;
  return count;
}

function openMark(mark: ContentMark, asHtml: boolean): string {
  const delimiter = DELIMITERS[mark.type];
  if (delimiter !== undefined && !asHtml) return delimiter;
  if (mark.type === 'link' && !asHtml && isPlainLink(mark)) return '[';
  if (mark.type === 'code' && !asHtml) return '';
  return tagsOf(mark)[0];
}

function closeMark(mark: ContentMark, asHtml: boolean): string {
  const delimiter = DELIMITERS[mark.type];
  if (delimiter !== undefined && !asHtml) return delimiter;
  if (mark.type === 'link' && !asHtml && isPlainLink(mark)) return renderAddress(mark.attrs ?? {});
  if (mark.type === 'code' && !asHtml) return '';
  return tagsOf(mark)[1];
}

/** The tags of a mark, as the HTML rendering writes them. */
function tagsOf(mark: ContentMark): readonly [string, string] {
  const [open = '', close = ''] = wrapMarks('\0', [mark]).replaceAll('\n', '&#10;').split('\0');
  return [open, close];
}

/** A link of which Markdown can say everything: address and title. */
function isPlainLink({ attrs = {} }: ContentMark): boolean {
  const { href, title, ...others } = attrs;
  const { href: _href, title: _title, ...defaults } = markDefaultsOf('link');
  return (
    keyOf(others) === keyOf(defaults) &&
    ![href, title].some((value) => typeof value === 'string' && /[\n\r]/.test(value))
  );
}

function renderAddress({ href, title }: JsonObject): string {
  const plain = typeof href === 'string' ? href : '';
  const address = plain.replaceAll(/[\\<>]|&(?=#?\w+;)/g, '\\$&');
  const isBare = /^[^\s()<>\\\p{C}]+$/u.test(plain) && !/&#?\w+;/.test(plain);
  const name = typeof title === 'string' ? ` "${title.replaceAll(/["\\]|&(?=#?\w+;)/g, '\\$&')}"` : '';
  return `](${isBare ? address : `<${address}>`}${name})`;
}

/** What stands for a paragraph without content. */
export function renderParagraph(nodes: readonly ContentNode[], place: InlinePlace): string {
  const text = renderInline(nodes, place);
  return text === '' && !place.inTable ? EMPTY_PARAGRAPH : text === EMPTY_PARAGRAPH ? escapeHtml('&#160;') : text;
}
