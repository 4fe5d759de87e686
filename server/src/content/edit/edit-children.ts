import * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';
import { checkLevel, containsUnknown } from '../check-content.ts';
import { keyOf, textOf, type ContentNode, type JsonObject } from '../content-node.ts';
import { findNodeType, nodeDefaultsOf } from '../editor-schema.ts';
import { normalKeyOf, normaliseContent } from '../normalise-content.ts';
import { renderChildren } from '../render-json.ts';
import { editInline } from './edit-inline.ts';
import { nodeOf } from './inline-pieces.ts';
import { matchSequences } from './match-sequences.ts';
import { pairSimilar, type GapBlock } from './pair-similar.ts';
import { createTypes, type AnyElement } from './write-nodes.ts';

export interface EditOptions {
  /** Whether marks that the schema does not know stay where the target does not speak of them. */
  readonly keepsUnknownMarks: boolean;
}

/** A child as it is: one shared type. */
interface LiveChild {
  readonly type: Y.XmlElement | Y.XmlText | Y.XmlHook;
  readonly node: ContentNode;
}

/** Blocks that stand between two unchanged ones, and the blocks that take their place. */
interface Gap {
  readonly base: readonly LiveChild[];
  readonly target: readonly ContentNode[];
  /** Index of the first base child. */
  readonly index: number;
}

/**
 * Turns the children of a type into the target, touching as little as it can: equal blocks stay, a block that is
 * like another of its gap is edited in place, the rest is deleted and inserted.
 */
export function editChildren(parent: Y.XmlFragment, target: readonly ContentNode[], options: EditOptions): void {
  const base = parent.toArray().map(readChild);
  const gaps = findGaps(base, target);
  // From the end, so that indexes of what comes before stay true.
  for (const gap of gaps.toReversed()) editGap(parent, gap, options);
}

function readChild(type: Y.XmlElement | Y.XmlText | Y.XmlHook): LiveChild {
  if (!(type instanceof Y.XmlText)) return { type, node: nodeOf(type) };
  // No editor puts text there; it is kept as it is, or not written over.
  return { type, node: { type: 'stray', attrs: { text: keyOf(type.toDelta()) } } };
}

function findGaps(base: readonly LiveChild[], target: readonly ContentNode[]): readonly Gap[] {
  const ids = new Map<string, number>();
  const idOf = (node: ContentNode): number => {
    const key = normalKeyOf(node);
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    return id;
  };
  const runs = matchSequences(
    base.map(({ node }) => idOf(node)),
    target.map((node) => idOf(node)),
  );
  const gaps: Gap[] = [];
  let [left, right] = [0, 0];
  for (const run of [...runs, { left: base.length, right: target.length, length: 0 }]) {
    if (run.left > left || run.right > right)
      gaps.push({ base: base.slice(left, run.left), target: target.slice(right, run.right), index: left });
    left = run.left + run.length;
    right = run.right + run.length;
  }
  return gaps;
}

function editGap(parent: Y.XmlFragment, { base, target, index }: Gap, options: EditOptions): void {
  const pairs = pairSimilar(
    base.map(({ node }) => toGapBlock(node)),
    target.map(toGapBlock),
  );
  let [left, right] = [base.length, target.length];
  for (const pair of [...pairs.toReversed(), { left: -1, right: -1 }]) {
    replaceRun(parent, {
      base: base.slice(pair.left + 1, left),
      target: target.slice(pair.right + 1, right),
      index: index + pair.left + 1,
    });
    const [live, wanted] = [base[pair.left], target[pair.right]];
    if (live !== undefined && wanted !== undefined) editBlock(live, wanted, options);
    left = pair.left;
    right = pair.right;
  }
}

function toGapBlock(node: ContentNode): GapBlock {
  return { type: node.type, text: textOf(node), editable: findNodeType(node.type) !== null };
}

/** Inserts before it deletes, so that what others insert there at the same time finds its neighbours. */
function replaceRun(parent: Y.XmlFragment, { base, target, index }: Gap): void {
  for (const { node } of base) {
    if (node.type === 'stray' || containsUnknown(node))
      throw new ScriptoriumError('unknown-node', 'the write would drop a node that the schema does not know');
  }
  if (target.length > 0) parent.insert(index + base.length, [...createTypes(target)]);
  if (base.length > 0) parent.delete(index, base.length);
}

function editBlock({ type, node }: LiveChild, target: ContentNode, options: EditOptions): void {
  if (!(type instanceof Y.XmlElement)) return;
  checkLevel(target);
  editAttributes(type, node.attrs ?? {}, target);
  const content = target.content ?? [];
  if (findNodeType(target.type)?.inlineContent === true) editInline(type, content, options.keepsUnknownMarks);
  else editChildren(type, content, options);
}

/** `is` has the defaults filled in, so a default that was never written is not written now. */
function editAttributes(element: AnyElement, is: JsonObject, { type, attrs = {} }: ContentNode): void {
  const defaults = nodeDefaultsOf(type);
  for (const key of Object.keys(is))
    if (!Object.hasOwn(attrs, key) && !Object.hasOwn(defaults, key)) element.removeAttribute(key);
  for (const [key, value] of Object.entries(attrs)) {
    if (!Object.hasOwn(is, key) || keyOf(is[key]) !== keyOf(value)) element.setAttribute(key, value);
  }
}

/** What a fragment holds, in the form in which content is compared. */
export function readDocument(fragment: Y.XmlFragment): ContentNode {
  const content = renderChildren(fragment, 0);
  return normaliseContent({ type: 'doc', content: content as unknown as readonly ContentNode[] });
}
