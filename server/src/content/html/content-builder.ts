import { ScriptoriumError } from '../../core/errors.ts';
import type { ContentMark, ContentNode, JsonObject } from '../content-node.ts';

/** Elements inside each other that are read; deeper ones are too many for a document. */
const ELEMENT_DEPTH_MAX = 250;

interface OpenBlock {
  readonly type: string;
  attrs: JsonObject;
  readonly content: ContentNode[];
  /** Made to hold what came without a block around it. */
  readonly implied: boolean;
}

/** What may stand directly in a block; everything else gets the block that it needs around it. */
const CHILD_OF: Readonly<Record<string, string>> = {
  bulletList: 'listItem',
  orderedList: 'listItem',
  taskList: 'taskItem',
  table: 'tableRow',
  tableRow: 'tableCell',
};
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  listItem: ['bulletList', 'orderedList'],
  taskItem: ['taskList'],
  tableRow: ['table'],
  tableCell: ['tableRow'],
  tableHeader: ['tableRow'],
};
const TEXTBLOCKS: ReadonlySet<string> = new Set(['paragraph', 'heading', 'codeBlock']);
/** Blocks that begin with a paragraph. */
const ITEMS: ReadonlySet<string> = new Set(['listItem', 'taskItem']);

/**
 * Puts blocks, marks and texts as they come into a document that fits the schema: texts get a paragraph, items a
 * list, cells a row. White space folds as in HTML, except in code.
 */
export class ContentBuilder {
  readonly #depthMax = ELEMENT_DEPTH_MAX;
  readonly #blocks: OpenBlock[] = [{ type: 'doc', attrs: {}, content: [], implied: false }];
  readonly #marks: ContentMark[] = [];
  readonly #exact = new WeakSet<ContentNode>();
  /** How many blocks each opened one really opened. */
  readonly #opened: number[] = [];

  get blockType(): string {
    return this.#top.type;
  }

  get #top(): OpenBlock {
    const top = this.#blocks.at(-1);
    if (top === undefined) throw new Error('the document was closed');
    return top;
  }

  /** Throws `limit-exceeded` beyond the depth that is read. */
  checkDepth(depth: number): void {
    if (depth > this.#depthMax || this.#blocks.length > this.#depthMax)
      throw new ScriptoriumError('limit-exceeded', `the content is nested deeper than ${this.#depthMax} levels`);
  }

  openBlock(type: string, attrs: JsonObject): void {
    this.endParagraph();
    const before = this.#blocks.length;
    // A block inside a heading, say: the heading ends where a paragraph would.
    if (TEXTBLOCKS.has(this.#top.type)) return void this.#opened.push(0);
    this.#openPath(type);
    this.#push(type, attrs, false);
    this.#opened.push(this.#blocks.length - before);
  }

  /** Opens what must stand between the innermost block and one of this type. */
  #openPath(type: string): void {
    const parents = PARENTS[type];
    if (parents?.includes(this.#top.type)) return;
    const parent = parents?.[0];
    if (parent !== undefined) {
      this.#openPath(parent);
      this.#push(parent, {}, false);
      return;
    }
    for (let child = CHILD_OF[this.#top.type]; child !== undefined; child = CHILD_OF[this.#top.type])
      this.#push(child, {}, false);
  }

  closeBlock(): void {
    const count = this.#opened.pop() ?? 0;
    if (count === 0) return;
    this.endParagraph();
    for (let closed = 0; closed < count; closed += 1) this.#pop();
  }

  setLanguage(language: string): void {
    this.#top.attrs = { ...this.#top.attrs, language };
  }

  openMark(mark: ContentMark): void {
    this.#marks.push(mark);
  }

  /** Ends the last mark of a type; others may have been opened since. */
  closeMark(type: string): void {
    const at = this.#marks.findLastIndex((mark) => mark.type === type);
    if (at >= 0) this.#marks.splice(at, 1);
  }

  /** Ends a paragraph that nobody opened. */
  endParagraph(): void {
    if (this.#top.implied) this.#pop();
  }

  addVoid(type: string): void {
    if (type === 'hardBreak') {
      if (this.#top.type === 'codeBlock') return this.addText('\n');
      this.#ensureTextblock();
      this.#top.content.push({ type });
      return;
    }
    this.openBlock(type, {});
    this.closeBlock();
  }

  /** A text; `exact` when its white space was written as references, and so is meant. */
  addText(text: string, exact = false): void {
    if (text === '') return;
    if (this.#top.type === 'codeBlock') return this.#addCode(text, exact);
    const folded = exact ? text : text.replaceAll(/[ \t\n\r\f]+/g, ' ');
    if (folded === ' ' && !exact && !TEXTBLOCKS.has(this.#top.type)) return;
    this.#ensureTextblock();
    const node: ContentNode = { type: 'text', text: folded, ...this.#activeMarks() };
    if (exact) this.#exact.add(node);
    this.#top.content.push(node);
  }

  #addCode(text: string, exact: boolean): void {
    const isFirst = this.#top.content.length === 0 && !exact;
    const rest = isFirst && text.startsWith('\n') ? text.slice(1) : text;
    // An empty piece still says that the first line feed is gone.
    this.#top.content.push({ type: 'text', text: rest.replaceAll(/\r\n?/g, '\n') });
  }

  #ensureTextblock(): void {
    if (TEXTBLOCKS.has(this.#top.type)) return;
    const child = CHILD_OF[this.#top.type];
    if (child !== undefined) {
      this.openBlock(child, {});
      // It stays open until the list or row ends.
      this.#opened[this.#opened.length - 2] = (this.#opened.at(-2) ?? 0) + (this.#opened.pop() ?? 0);
      return this.#ensureTextblock();
    }
    this.#push('paragraph', {}, true);
  }

  #activeMarks(): { marks?: readonly ContentMark[] } {
    const marks = new Map(this.#marks.map((mark) => [mark.type, mark]));
    // Code excludes every other mark.
    const code = marks.get('code');
    if (code !== undefined) return { marks: [code] };
    return marks.size === 0 ? {} : { marks: [...marks.values()] };
  }

  #push(type: string, attrs: JsonObject, implied: boolean): void {
    this.#blocks.push({ type, attrs, content: [], implied });
    this.checkDepth(0);
  }

  #pop(): void {
    const block = this.#blocks.pop();
    const node = block === undefined ? null : closeNode(block, this.#exact);
    if (node !== null) this.#top.content.push(node);
  }

  finish(): ContentNode {
    while (this.#blocks.length > 1) this.#pop();
    return { type: 'doc', content: this.#top.content };
  }
}

/** The finished node; `null` for a list, row or table that nothing is in. */
function closeNode({ type, attrs, content, implied }: OpenBlock, exact: WeakSet<ContentNode>): ContentNode | null {
  if (type === 'codeBlock') return { type, attrs, content: content.filter(({ text }) => text !== '') };
  if (TEXTBLOCKS.has(type)) {
    const inline = trimSpaces(content, exact);
    return implied && inline.length === 0 ? null : { type, attrs, content: inline };
  }
  if (content.length === 0 && CHILD_OF[type] !== undefined) return null;
  const needsParagraph =
    type !== 'horizontalRule' && (content.length === 0 || (ITEMS.has(type) && content[0]?.type !== 'paragraph'));
  return { type, attrs, content: needsParagraph ? [{ type: 'paragraph' }, ...content] : content };
}

/** Takes away the spaces that HTML does not show: at the ends, beside line breaks, and behind another. */
function trimSpaces(nodes: readonly ContentNode[], exact: WeakSet<ContentNode>): readonly ContentNode[] {
  const kept: ContentNode[] = [];
  let isSpaceBefore = true;
  for (const [index, node] of nodes.entries()) {
    if (node.text === undefined) {
      kept.push(node);
      isSpaceBefore = true;
      continue;
    }
    if (exact.has(node)) {
      kept.push(node);
      isSpaceBefore = false;
      continue;
    }
    let text: string = isSpaceBefore ? node.text.replace(/^ /, '') : node.text;
    const rest: ContentNode | undefined = findNext(nodes, index + 1, exact);
    if (rest?.text === undefined) text = text.replace(/ $/, '');
    if (text === '') continue;
    isSpaceBefore = text.endsWith(' ');
    kept.push({ ...node, text });
  }
  return kept;
}

/** The next node that is more than a space of no account. */
function findNext(nodes: readonly ContentNode[], from: number, exact: WeakSet<ContentNode>): ContentNode | undefined {
  for (let at = from; at < nodes.length; at += 1) {
    const node = nodes[at];
    if (node !== undefined && (node.text !== ' ' || exact.has(node))) return node;
  }
  return undefined;
}
