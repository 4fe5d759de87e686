import MarkdownIt from 'markdown-it';
import type { ContentNode, JsonObject } from '../content-node.ts';
import { ContentBuilder } from '../html/content-builder.ts';
import { createHtmlParser } from '../html/parse-html.ts';
import { isSafeAddress } from '../html/safe-address.ts';
import { normaliseContent } from '../normalise-content.ts';

type Token = ReturnType<InstanceType<typeof MarkdownIt>['parse']>[number];

/** Stands for a paragraph without text, which Markdown has no other sign for. */
export const EMPTY_PARAGRAPH = '&nbsp;';

/** CommonMark with tables and strikethrough; addresses are taken as they are written. */
const markdown = new MarkdownIt({ html: true, linkify: false, typographer: false });
markdown.normalizeLink = (address) => address;
markdown.normalizeLinkText = (text) => text;
markdown.validateLink = isSafeAddress;

const BLOCKS: Readonly<Record<string, string>> = {
  blockquote: 'blockquote',
  bullet_list: 'bulletList',
  ordered_list: 'orderedList',
  list_item: 'listItem',
  table: 'table',
  tr: 'tableRow',
  th: 'tableHeader',
  td: 'tableCell',
};
const MARKS: Readonly<Record<string, string>> = { strong: 'bold', em: 'italic', s: 'strike' };
const TASK = /^\[([ xX])\](?: |$)/;

/**
 * Reads Markdown (CommonMark with tables, strikethrough, task lists, and HTML where it has no sign of its own) as
 * content that fits the editor's schema. HTML in it is read as HTML, so nothing that runs is kept.
 *
 * Throws `limit-exceeded` when it is nested too deeply.
 */
export function parseMarkdown(source: string): ContentNode {
  const tokens = markdown.parse(source.toWellFormed(), {});
  const builder = new ContentBuilder();
  const tasks = findTasks(tokens);
  for (const [index, token] of tokens.entries()) readBlock(builder, { token, tasks, index });
  return normaliseContent(builder.finish());
}

interface TaskMarks {
  /** Index of the first token of lists and items that are tasks, and whether the item is done. */
  readonly states: ReadonlyMap<number, boolean>;
  /** The inline tokens that begin with a task's box. */
  readonly inlines: ReadonlySet<Token>;
}

/** Lists of which every item begins with a box. */
function findTasks(tokens: readonly Token[]): TaskMarks {
  const states = new Map<number, boolean>();
  const inlines = new Set<Token>();
  const open: {
    readonly index: number;
    readonly items: { readonly index: number; readonly inline: Token | null }[];
  }[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'bullet_list_open' || token.type === 'ordered_list_open') open.push({ index, items: [] });
    if (token.type === 'list_item_open') {
      const inline = tokens[index + 1]?.type === 'paragraph_open' ? (tokens[index + 2] ?? null) : null;
      open.at(-1)?.items.push({ index, inline });
    }
    if (token.type !== 'bullet_list_close' && token.type !== 'ordered_list_close') continue;
    const list = open.pop();
    if (list === undefined || token.type === 'ordered_list_close') continue;
    if (!list.items.every(({ inline }) => TASK.test(inline?.content ?? ''))) continue;
    states.set(list.index, false);
    for (const { index: item, inline } of list.items) {
      states.set(item, TASK.exec(inline?.content ?? '')?.[1] !== ' ');
      if (inline !== null) inlines.add(inline);
    }
  }
  return { states, inlines };
}

interface BlockToken {
  readonly token: Token;
  readonly tasks: TaskMarks;
  readonly index: number;
}

function readBlock(builder: ContentBuilder, { token, tasks, index }: BlockToken): void {
  const name = token.type.replace(/_(open|close)$/, '');
  if (token.type === 'inline') return readInline(builder, token, tasks.inlines.has(token));
  if (token.type === 'fence' || token.type === 'code_block') return readCode(builder, token);
  if (token.type === 'hr') return builder.addVoid('horizontalRule');
  if (token.type === 'html_block') return readHtmlBlock(builder, token.content);
  if (token.nesting < 0 && (name === 'paragraph' || name === 'heading' || BLOCKS[name] !== undefined))
    return builder.closeBlock();
  const task = tasks.states.get(index);
  if (name === 'paragraph') builder.openBlock('paragraph', {});
  else if (name === 'heading') builder.openBlock('heading', { level: Math.min(3, Number(token.tag.slice(1))) });
  else if (task !== undefined) builder.openBlock(...taskBlock(name, task));
  else if (BLOCKS[name] !== undefined) builder.openBlock(BLOCKS[name], attributesOf(name, token));
}

function taskBlock(name: string, checked: boolean): readonly [string, JsonObject] {
  return name === 'list_item' ? ['taskItem', { checked }] : ['taskList', {}];
}

function attributesOf(name: string, token: Token): JsonObject {
  if (name === 'ordered_list') return { start: Number(token.attrGet('start') ?? 1) };
  const align = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? ''))?.[1];
  return align === undefined ? {} : { align };
}

function readCode(builder: ContentBuilder, { content, info }: Token): void {
  const language = /^\S+/.exec(markdown.utils.unescapeAll(info).trim())?.[0];
  builder.openBlock('codeBlock', language === undefined ? {} : { language });
  builder.addText(content.replace(/\n$/, ''), true);
  builder.closeBlock();
}

function readHtmlBlock(builder: ContentBuilder, html: string): void {
  const parser = createHtmlParser(builder);
  // Not a new line of the paragraph that it ends.
  parser.write(html.trimEnd());
  parser.end();
  builder.endParagraph();
}

function readInline(builder: ContentBuilder, { content, children }: Token, isTask: boolean): void {
  if (content === EMPTY_PARAGRAPH) return;
  const html = createHtmlParser(builder);
  const links: boolean[] = [];
  for (const [index, token] of (children ?? []).entries()) {
    if (index === 0 && isTask) builder.addText(token.content.replace(TASK, ''), true);
    else if (token.type === 'html_inline') html.write(token.content);
    else if (token.type === 'link_open') links.push(openLink(builder, token));
    else if (token.type === 'link_close') {
      if (links.pop() === true) builder.closeMark('link');
    } else readInlineToken(builder, token);
  }
  html.end();
}

function readInlineToken(builder: ContentBuilder, token: Token): void {
  const mark = MARKS[token.type.replace(/_(open|close)$/, '')];
  if (mark !== undefined && token.nesting > 0) builder.openMark({ type: mark });
  else if (mark !== undefined) builder.closeMark(mark);
  else if (token.type === 'hardbreak') builder.addVoid('hardBreak');
  else if (token.type === 'softbreak') builder.addText(' ', true);
  else if (token.type === 'image') readImage(builder, token);
  else if (token.type === 'code_inline') {
    builder.openMark({ type: 'code' });
    builder.addText(token.content, true);
    builder.closeMark('code');
  } else builder.addText(token.content, true);
}

function openLink(builder: ContentBuilder, token: Token): boolean {
  const href = token.attrGet('href');
  if (href === null) return false;
  const title = token.attrGet('title');
  builder.openMark({ type: 'link', attrs: { href, ...(title !== null && title !== '' && { title }) } });
  return true;
}

/** The schema has no images: what stands for one links to it. */
function readImage(builder: ContentBuilder, token: Token): void {
  const source = String(token.attrGet('src') ?? '');
  const text = token.content === '' ? source : token.content;
  builder.openMark({ type: 'link', attrs: { href: source } });
  builder.addText(text, true);
  builder.closeMark('link');
}
