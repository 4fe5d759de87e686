import type { ContentMark, ContentNode, JsonObject } from '../../src/content/content-node.ts';
import { normaliseContent } from '../../src/content/normalise-content.ts';
import type { Random } from './random.ts';

const WORDS = [
  'alpha',
  'beta',
  'gamma',
  'delta',
  'x',
  '漢字',
  'naïve',
  '😀',
  '1.',
  '2)',
  '-',
  '+',
  '*',
  '**',
  '_',
  '__',
  '~~',
  '`',
  '``',
  '#',
  '##',
  '>',
  '|',
  '\\',
  '<b>',
  '</b>',
  '<!--',
  '&amp;',
  '&',
  '[a](b)',
  '![x]',
  '[ ]',
  '[x]',
  '---',
  '===',
  '***',
  '```',
  'http://example.org',
  'www.example.org',
  'a@b.org',
  'snake_case_word',
  '5*3*2',
  ':--',
  '(',
  ')',
  '!',
  '"q"',
  "it's",
  '\u00a0',
  '<u>',
  '~',
  '$',
  '\\*',
  '1986.',
  '&#35;',
  '<https://x.org>',
  'e\u0301',
  '\u200b',
  '{',
  '=',
  '%',
  'tail\\',
];
const LINKS = [
  'https://example.org/a_b(c)',
  'mailto:a@b.org',
  '/relative path?x=1&y=2',
  'https://example.org/"q"<>',
  '#anchor',
];
const CODES = ['let x;', '```', '~~~~', 'a\n\nb', '  indented', '<b>&amp;</b>', 'tail\n', '\n', '`'];

/** How much of the schema the documents use. */
export interface ContentMix {
  /** What Markdown says without help of HTML. */
  readonly plain: boolean;
}

/** A random document that fits the editor's schema. */
export function randomDocument(random: Random, mix: ContentMix = { plain: false }): ContentNode {
  const count = 1 + random.below(6);
  return normaliseContent({ type: 'doc', content: Array.from({ length: count }, () => randomBlock(random, mix, 0)) });
}

/** A random block that a document may hold. */
export function randomBlock(random: Random, mix: ContentMix, depth: number): ContentNode {
  const kind = random.below(depth > 2 ? 5 : 12);
  if (kind < 3) return paragraph(random, mix);
  if (kind === 3)
    return {
      type: 'heading',
      attrs: { level: 1 + random.below(3), ...direction(random, mix) },
      ...inline(random, mix, false),
    };
  if (kind === 4) return codeBlock(random);
  if (kind === 5) return { type: 'horizontalRule' };
  if (kind === 6) return { type: 'blockquote', content: blocks(random, mix, depth + 1) };
  if (kind < 9) return list(random, mix, depth);
  if (kind === 9) return taskList(random, mix, depth);
  return table(random, mix, depth);
}

function blocks(random: Random, mix: ContentMix, depth: number): readonly ContentNode[] {
  return Array.from({ length: 1 + random.below(2) }, () => randomBlock(random, mix, depth));
}

function direction(random: Random, mix: ContentMix): JsonObject {
  return !mix.plain && random.chance(0.1) ? { dir: random.pick(['ltr', 'rtl']) } : {};
}

function paragraph(random: Random, mix: ContentMix): ContentNode {
  if (random.chance(0.1)) return { type: 'paragraph' };
  return { type: 'paragraph', attrs: direction(random, mix), ...inline(random, mix, true) };
}

function codeBlock(random: Random): ContentNode {
  const text = random.chance(0.1) ? '' : random.pick(CODES) + (random.chance(0.3) ? random.pick(CODES) : '');
  return {
    type: 'codeBlock',
    attrs: random.chance(0.5) ? { language: random.pick(['js', 'c++', 'a`b', 'two words']) } : {},
    ...(text !== '' && { content: [{ type: 'text', text }] }),
  };
}

function item(random: Random, mix: ContentMix, depth: number): readonly ContentNode[] {
  return [paragraph(random, mix), ...(random.chance(0.3) ? blocks(random, mix, depth + 1) : [])];
}

function list(random: Random, mix: ContentMix, depth: number): ContentNode {
  const content = Array.from({ length: 1 + random.below(3) }, () => ({
    type: 'listItem',
    content: item(random, mix, depth),
  }));
  if (random.chance(0.5)) return { type: 'bulletList', content };
  return { type: 'orderedList', attrs: { start: random.pick([1, 1, 0, 7, 1986]) }, content };
}

function taskList(random: Random, mix: ContentMix, depth: number): ContentNode {
  const content = Array.from({ length: 1 + random.below(3) }, () => ({
    type: 'taskItem',
    attrs: { checked: random.chance(0.5) },
    content: item(random, mix, depth),
  }));
  return { type: 'taskList', content };
}

function table(random: Random, mix: ContentMix, depth: number): ContentNode {
  const columns = 1 + random.below(3);
  const aligns = Array.from({ length: columns }, () => random.pick([null, null, 'left', 'center', 'right']));
  const row = (header: boolean): ContentNode => ({
    type: 'tableRow',
    content: aligns.map((align) => ({
      type: header ? 'tableHeader' : 'tableCell',
      attrs: { ...(align !== null && { align }), ...(!mix.plain && random.chance(0.03) && { colspan: 2 }) },
      content:
        !mix.plain && random.chance(0.1)
          ? blocks(random, mix, depth + 2)
          : [{ type: 'paragraph', ...inline(random, mix, false) }],
    })),
  });
  const rows = Array.from({ length: random.below(3) }, () => row(false));
  return { type: 'table', content: [row(mix.plain || random.chance(0.9)), ...rows] };
}

function inline(random: Random, mix: ContentMix, breaks: boolean): { content?: readonly ContentNode[] } {
  const nodes: ContentNode[] = [];
  for (let count = random.below(5); count >= 0; count -= 1) {
    if (breaks && nodes.length > 0 && random.chance(0.1)) nodes.push({ type: 'hardBreak' });
    const marks = randomMarks(random, mix);
    const words = Array.from({ length: 1 + random.below(3) }, () => random.pick(WORDS));
    const spaced =
      (random.chance(0.3) ? ' ' : '') + words.join(random.chance(0.8) ? ' ' : '') + (random.chance(0.3) ? ' ' : '');
    nodes.push({ type: 'text', text: spaced, ...(marks.length > 0 && { marks }) });
  }
  return nodes.length === 0 ? {} : { content: nodes };
}

function randomMarks(random: Random, mix: ContentMix): readonly ContentMark[] {
  if (random.chance(0.5)) return [];
  if (random.chance(0.15)) return [{ type: 'code' }];
  const marks: ContentMark[] = [];
  for (const type of ['bold', 'italic', 'strike', ...(mix.plain ? [] : ['underline'])])
    if (random.chance(0.4)) marks.push({ type });
  if (random.chance(0.2))
    marks.push({
      type: 'link',
      attrs: { href: random.pick(LINKS), ...(random.chance(0.3) && { title: random.pick(['t', 'a "b" (c)']) }) },
    });
  return marks;
}
