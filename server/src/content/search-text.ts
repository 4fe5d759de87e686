import * as Y from 'yjs';
import { checkDepth } from './json-value.ts';
import { isInline, readChildren, renderInlines, renderRuns } from './render-text.ts';
import { findRoots, liveEntries, openState, type Root, type SharedType } from './read-state.ts';
import { RICH_TEXT_ROOT } from './render-json.ts';

/** A block with text, as search shows it. */
export interface SearchTextBlock {
  /** The block's address (`client:clock`), or `root:` and the name of a plain text. */
  readonly id: string;
  /** The headings above it, the outermost first. */
  readonly headings: readonly string[];
  readonly text: string;
}

/** What of a document's content can be searched. */
export interface SearchText {
  /** Text of the heading that the document begins with; `null` when it begins otherwise. */
  readonly heading: string | null;
  readonly blocks: readonly SearchTextBlock[];
  /** Words behind a `#` in the text, in lower case. */
  readonly tags: readonly string[];
  /** ClientIDs that wrote something in it. */
  readonly clients: readonly number[];
}

/** Characters taken of a block and of a document; what is behind them is not found. */
const BLOCK_TEXT_MAX = 50_000;
const TEXT_MAX = 1_000_000;
const TAGS_MAX = 64;
/** Comments have their own permissions, and are no content. */
const ROOTS_LEFT_OUT: ReadonlySet<string> = new Set(['comments']);
const TAG = /(?<=^|[\s(])#([\p{L}\p{N}][\p{L}\p{N}_-]{0,63})(?![\p{L}\p{N}#])/gu;

/**
 * Reads what can be searched out of a state, which comes as updates in order: the rich text by block, then other texts
 * by name.
 */
export function readSearchText(parts: readonly Uint8Array[]): SearchText {
  const document = openState(...parts);
  const collected = new CollectedBlocks();
  const roots = findRoots(document).filter(({ name }) => !ROOTS_LEFT_OUT.has(name));
  for (const root of roots.toSorted((one, other) => Number(isRichText(other)) - Number(isRichText(one)))) {
    if (root.kind === 'fragment') collectBlocks(root.type, collected, 0);
    else if (root.kind === 'text') collected.add({ id: `root:${root.name}`, text: renderRuns(root.type) });
    collected.leaveHeadings();
  }
  return { ...collected.result(), clients: [...document.store.clients.keys()] };
}

function isRichText({ name, kind }: Root): boolean {
  return name === RICH_TEXT_ROOT && kind === 'fragment';
}

interface FoundBlock {
  readonly id: string;
  readonly text: string;
  /** Level of a heading. */
  readonly level?: number;
  readonly isCode?: boolean;
}

/** Blocks in their order, each with the headings that stand above it. */
class CollectedBlocks {
  readonly #blocks: SearchTextBlock[] = [];
  readonly #tags = new Set<string>();
  #headings: readonly { readonly level: number; readonly text: string }[] = [];
  #heading: string | null = null;
  #left = TEXT_MAX;

  add({ id, text: whole, level, isCode = false }: FoundBlock): void {
    const text = whole.slice(0, Math.min(BLOCK_TEXT_MAX, this.#left)).trim();
    if (text === '') return;
    this.#left -= text.length;
    if (level !== undefined) {
      if (this.#blocks.length === 0) this.#heading = text;
      this.#headings = this.#headings.filter((heading) => heading.level < level);
    }
    this.#blocks.push({ id, headings: this.#headings.map((heading) => heading.text), text });
    if (level !== undefined) this.#headings = [...this.#headings, { level, text }];
    if (isCode) return;
    for (const [, tag = ''] of text.matchAll(TAG)) if (this.#tags.size < TAGS_MAX) this.#tags.add(tag.toLowerCase());
  }

  /** What follows stands below none of the headings so far. */
  leaveHeadings(): void {
    this.#headings = [];
  }

  result(): Omit<SearchText, 'clients'> {
    return { heading: this.#heading, blocks: this.#blocks, tags: [...this.#tags] };
  }
}

/** Without a schema, what holds text beside it or in it is a block; what holds only elements holds blocks. */
function collectBlocks(type: SharedType, collected: CollectedBlocks, depth: number): void {
  checkDepth(depth);
  const children = readChildren(type);
  if (children.some(isInline)) {
    collected.add(describeBlock(type, children, depth));
    return;
  }
  for (const child of children) collectBlocks(child, collected, depth + 1);
}

function describeBlock(type: SharedType, children: readonly SharedType[], depth: number): FoundBlock {
  const item = type instanceof Y.XmlElement ? type._item : null;
  const block = { id: item === null ? '' : `${item.id.client}:${item.id.clock}`, text: renderInlines(children, depth) };
  const name = type instanceof Y.XmlElement ? type.nodeName : '';
  if (name !== 'heading') return { ...block, isCode: name === 'codeBlock' };
  const level = Number([...liveEntries(type)].find(([key]) => key === 'level')?.[1] ?? 1);
  return { ...block, level: Number.isFinite(level) ? level : 1 };
}
