import type { ContentMark, JsonObject } from '../content-node.ts';
import { isSafeAddress } from './safe-address.ts';

/** Attributes of an element as the HTML parser gives them. */
export type HtmlAttributes = Readonly<Record<string, string>>;

/** What an element of HTML becomes. */
export type ElementMeaning =
  | { readonly kind: 'block'; readonly type: string; readonly attrs: JsonObject }
  | { readonly kind: 'mark'; readonly mark: ContentMark }
  /** Its content counts, in a paragraph of its own. */
  | { readonly kind: 'division' }
  /** Its content counts as if the tags were not there. */
  | { readonly kind: 'transparent' }
  /** Nothing in it counts. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'void'; readonly type: string };

const IGNORED: ReadonlySet<string> = new Set(
  'script style template iframe object embed noscript noframes noembed head title textarea select svg math canvas audio video input button form-data xmp plaintext'.split(
    ' ',
  ),
);
const DIVISIONS: ReadonlySet<string> = new Set(
  'div section article header footer main aside nav address figure figcaption dl dt dd form fieldset details summary center body html hgroup legend'.split(
    ' ',
  ),
);
const MARKS: Readonly<Record<string, string>> = {
  strong: 'bold',
  b: 'bold',
  em: 'italic',
  i: 'italic',
  s: 'strike',
  del: 'strike',
  strike: 'strike',
  u: 'underline',
  ins: 'underline',
  code: 'code',
  kbd: 'code',
  samp: 'code',
  tt: 'code',
};
const BLOCKS: Readonly<Record<string, string>> = {
  p: 'paragraph',
  blockquote: 'blockquote',
  li: 'listItem',
  table: 'table',
  tr: 'tableRow',
};

const TRANSPARENT: ElementMeaning = { kind: 'transparent' };

/** What an element means. Everything that is not named here is transparent: its text stays, its tags do not. */
export function meaningOf(name: string, attributes: HtmlAttributes): ElementMeaning {
  if (IGNORED.has(name)) return { kind: 'ignored' };
  if (DIVISIONS.has(name)) return { kind: 'division' };
  if (name === 'br') return { kind: 'void', type: 'hardBreak' };
  if (name === 'hr') return { kind: 'void', type: 'horizontalRule' };
  if (name === 'a') return readLink(attributes);
  const mark = Object.hasOwn(MARKS, name) ? MARKS[name] : undefined;
  return mark === undefined ? readBlock(name, attributes) : { kind: 'mark', mark: { type: mark } };
}

function readBlock(name: string, attributes: HtmlAttributes): ElementMeaning {
  if (/^h[1-6]$/.test(name)) return block('heading', { level: Math.min(3, Number(name[1])), ...direction(attributes) });
  if (name === 'pre') return block('codeBlock', {});
  if (name === 'ul') return block(attributes['data-type'] === 'taskList' ? 'taskList' : 'bulletList', {});
  if (name === 'ol')
    return block('orderedList', { ...integer('start', attributes), ...text('type', attributes['type']) });
  if (name === 'td' || name === 'th') return block(name === 'td' ? 'tableCell' : 'tableHeader', cell(attributes));
  const type = Object.hasOwn(BLOCKS, name) ? BLOCKS[name] : undefined;
  if (type === undefined) return TRANSPARENT;
  if (type === 'listItem' && attributes['data-type'] === 'taskItem')
    return block('taskItem', { checked: attributes['data-checked'] === 'true' });
  return block(type, type === 'paragraph' ? direction(attributes) : {});
}

function block(type: string, attrs: JsonObject): ElementMeaning {
  return { kind: 'block', type, attrs };
}

function readLink({ href, title, target, rel, class: name }: HtmlAttributes): ElementMeaning {
  if (href === undefined || !isSafeAddress(href)) return TRANSPARENT;
  const attrs = {
    href,
    ...text('title', title),
    ...text('target', target),
    ...text('rel', rel),
    ...text('class', name),
  };
  return { kind: 'mark', mark: { type: 'link', attrs } };
}

function direction({ dir }: HtmlAttributes): JsonObject {
  return dir === 'ltr' || dir === 'rtl' ? { dir } : {};
}

function cell(attributes: HtmlAttributes): JsonObject {
  const widths = (attributes['data-colwidth'] ?? '').split(',').map(Number);
  const align =
    attributes['data-align'] ?? attributes['align'] ?? /text-align:\s*(\w+)/.exec(attributes['style'] ?? '')?.[1];
  return {
    ...integer('colspan', attributes),
    ...integer('rowspan', attributes),
    ...(widths.every((width) => Number.isInteger(width) && width > 0) && { colwidth: widths }),
    ...(['left', 'center', 'right'].includes(align ?? '') && { align: align ?? null }),
  };
}

function integer(key: string, attributes: HtmlAttributes): JsonObject {
  const value = attributes[key] ?? '';
  const isSpan = key !== 'start';
  if (!/^-?\d{1,8}$/.test(value)) return {};
  const number = Number(value);
  return isSpan && (number < 1 || number > 1_000) ? {} : { [key]: number };
}

function text(key: string, value: string | undefined): JsonObject {
  return value === undefined || value === '' ? {} : { [key]: value };
}
