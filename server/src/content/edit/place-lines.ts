import { textOf, type ContentNode } from '../content-node.ts';
import { findNodeType } from '../editor-schema.ts';
import { normaliseContent } from '../normalise-content.ts';
import { matchSequences } from './match-sequences.ts';
import { findHunks } from './inline-hunks.ts';
import { tokensOfNodes } from './inline-pieces.ts';

/** A block of text with the lines that it is in a plain text. */
interface Leaf {
  readonly node: ContentNode;
  /** The outermost block it lies in. */
  readonly block: ContentNode;
  readonly lines: readonly string[];
}

/**
 * The document that a plain text makes of another one: blocks whose lines are still there stay as they are, a block
 * whose line was changed keeps its kind, lines that are gone take their block along, new ones become paragraphs.
 */
export function placeLines(doc: ContentNode, text: string): ContentNode {
  const blocks = doc.content ?? [];
  const leaves = blocks.flatMap((block) => findLeaves(block, block));
  // Also the empty text of an empty block, which would else count as no line at all.
  if (leaves.flatMap((leaf) => leaf.lines).join('\n') === text) return doc;
  const lines = text === '' ? [] : text.replaceAll(/\r\n?/g, '\n').split('\n');
  const placed = assignLines(leaves, lines);
  const content = blocks.flatMap((block) => [...listOf(rebuild(block, placed)), ...(placed.behind.get(block) ?? [])]);
  return normaliseContent({ type: 'doc', content: [...placed.first, ...content] });
}

function findLeaves(node: ContentNode, block: ContentNode): readonly Leaf[] {
  if (node.text !== undefined) return [];
  const type = findNodeType(node.type);
  if (type?.inlineContent === true || (node.content ?? []).length === 0)
    return [{ node, block, lines: textOf(node).split('\n') }];
  return (node.content ?? []).flatMap((child) => findLeaves(child, block));
}

interface Assignment {
  /** New text of each leaf; `null` for one that goes away. */
  readonly texts: ReadonlyMap<ContentNode, string | null>;
  /** Paragraphs to insert at the start. */
  readonly first: readonly ContentNode[];
  /** Paragraphs to insert behind an outermost block, or behind a leaf inside one whose later leaves follow. */
  readonly behind: ReadonlyMap<ContentNode, readonly ContentNode[]>;
}

function assignLines(leaves: readonly Leaf[], lines: readonly string[]): Assignment {
  const ids = new Map<string, number>();
  const idOf = (line: string): number => {
    const id = ids.get(line) ?? ids.size;
    ids.set(line, id);
    return id;
  };
  const owners = leaves.flatMap((leaf, index) => leaf.lines.map(() => index));
  const runs = matchSequences(
    leaves.flatMap((leaf) => leaf.lines.map(idOf)),
    lines.map(idOf),
  );
  const texts = new Map<ContentNode, string | null>();
  const first: ContentNode[] = [];
  const behind = new Map<ContentNode, ContentNode[]>();
  const linesOf = leaves.map((): string[] => []);
  let [left, right] = [0, 0];
  for (const run of [...runs, { left: owners.length, right: lines.length, length: 0 }]) {
    // Lines of a gap go to the leaves of the gap, one each; what is left over stands behind them.
    const gapOwners = [...new Set(owners.slice(left, run.left))];
    for (const [at, line] of lines.slice(right, run.right).entries()) {
      const owner = gapOwners[at] ?? (isInside(run.left) ? owners[run.left] : undefined);
      if (owner !== undefined) linesOf[owner]?.push(line);
      else addParagraph(run.left, line);
    }
    for (let at = 0; at < run.length; at += 1) linesOf[owners[run.left + at] ?? -1]?.push(lines[run.right + at] ?? '');
    left = run.left + run.length;
    right = run.right + run.length;
  }
  for (const [index, leaf] of leaves.entries()) {
    const assigned = linesOf[index] ?? [];
    texts.set(leaf.node, assigned.length === 0 ? null : assigned.join('\n'));
  }
  return { texts, first, behind };

  /** Whether a gap ends within a block of several lines, so that nothing can stand behind the block before it ends. */
  function isInside(to: number): boolean {
    return to > 0 && to < owners.length && owners[to - 1] === owners[to];
  }

  /** Behind the block before, or inside it when it goes on. */
  function addParagraph(to: number, line: string): void {
    const paragraph = line === '' ? EMPTY_PARAGRAPH : { type: 'paragraph', content: [{ type: 'text', text: line }] };
    const [before, next] = [leaves[owners[to - 1] ?? -1], leaves[owners[to] ?? -1]];
    if (before === undefined) return void first.push(paragraph);
    const place = before.block === next?.block ? before.node : before.block;
    behind.set(place, [...(behind.get(place) ?? []), paragraph]);
  }
}

const CELLS: ReadonlySet<string> = new Set(['tableCell', 'tableHeader']);
const ITEMS: ReadonlySet<string> = new Set(['listItem', 'taskItem']);
const EMPTY_PARAGRAPH: ContentNode = { type: 'paragraph' };

/** The node with its new texts; `null` when nothing is left in it. */
function rebuild(node: ContentNode, placed: Assignment): ContentNode | null {
  const text = placed.texts.get(node);
  if (text === null) return null;
  if (text !== undefined) return text === textOf(node) ? node : { ...node, content: editText(node, text) };
  if (node.type === 'table') return isGone(node, placed) ? null : rebuildTable(node, placed);
  const content = (node.content ?? []).flatMap((child) => [
    ...listOf(rebuild(child, placed)),
    ...(placed.behind.get(child) ?? []),
  ]);
  if (content.length === 0) return null;
  const needsParagraph = ITEMS.has(node.type) && content[0]?.type !== 'paragraph';
  return { ...node, content: needsParagraph ? [EMPTY_PARAGRAPH, ...content] : content };
}

function listOf(node: ContentNode | null): readonly ContentNode[] {
  return node === null ? [] : [node];
}

/** A table keeps its cells as long as one of them has a line. */
function rebuildTable(node: ContentNode, placed: Assignment): ContentNode {
  const content = (node.content ?? []).map((child) => {
    if (!CELLS.has(child.type)) return rebuildTable(child, placed);
    return rebuild(child, placed) ?? { ...child, content: [EMPTY_PARAGRAPH] };
  });
  return { ...node, content };
}

function isGone(node: ContentNode, placed: Assignment): boolean {
  if (placed.behind.has(node)) return false;
  const text = placed.texts.get(node);
  return text === undefined ? (node.content ?? []).every((child) => isGone(child, placed)) : text === null;
}

/** The inline content with another text; what is kept keeps its marks, what is new has those of its left neighbour. */
function editText(node: ContentNode, text: string): readonly ContentNode[] {
  const cells = (node.content ?? []).flatMap((child): ContentNode[] =>
    child.text === undefined ? [child] : Array.from(splitUnits(child.text), (unit) => ({ ...child, text: unit })),
  );
  const takesLineFeeds = findNodeType(node.type)?.spec.code === true;
  const target = takesLineFeeds ? [{ type: 'text', text }] : withBreaks(text);
  const flat = (nodes: readonly ContentNode[]) =>
    nodes.flatMap((one) => (one.text === undefined ? [one] : [{ type: 'text', text: one.text }]));
  for (const hunk of findHunks(tokensOfNodes(flat(node.content ?? [])), tokensOfNodes(target)).toReversed()) {
    const marks = cells[hunk.from - 1]?.marks ?? cells[hunk.from]?.marks;
    const inserted = sliceCells(target, hunk.targetFrom, hunk.targetTo).map((cell) =>
      cell.text !== undefined && marks !== undefined ? { ...cell, marks } : cell,
    );
    cells.splice(hunk.from, hunk.to - hunk.from, ...inserted);
  }
  return cells;
}

function withBreaks(text: string): readonly ContentNode[] {
  return text
    .split('\n')
    .flatMap((line, index): ContentNode[] => [
      ...(index > 0 ? [{ type: 'hardBreak' }] : []),
      ...(line === '' ? [] : [{ type: 'text', text: line }]),
    ]);
}

function splitUnits(text: string): readonly string[] {
  return text.split('');
}

function sliceCells(nodes: readonly ContentNode[], from: number, to: number): readonly ContentNode[] {
  return nodes
    .flatMap((node): ContentNode[] =>
      node.text === undefined ? [node] : splitUnits(node.text).map((unit) => ({ ...node, text: unit })),
    )
    .slice(from, to);
}
