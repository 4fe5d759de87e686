import * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';
import { checkNode, containsUnknown } from '../check-content.ts';
import type { ContentNode } from '../content-node.ts';
import { editFormats } from './edit-formats.ts';
import { findHunks, type Hunk } from './inline-hunks.ts';
import { readPieces, tokensOfNodes, tokensOfPieces, type InlinePiece } from './inline-pieces.ts';
import { createTypes, toInsert } from './write-nodes.ts';

/** Turns the content of a block of text into what it shall be, by insertions, deletions and formats within its text. */
export function editInline(block: Y.XmlFragment, target: readonly ContentNode[], keepsUnknownMarks: boolean): void {
  const pieces = readPieces(block);
  const hunks = findHunks(tokensOfPieces(pieces), tokensOfNodes(target));
  // From the end, so that the places of what comes before stay true.
  for (const hunk of hunks.toReversed()) {
    deleteRange(block, pieces, hunk);
    const inserted = sliceInline(target, hunk.targetFrom, hunk.targetTo);
    if (inserted.length > 0) insertAt(block, pieces, { at: hunk.from, nodes: inserted });
  }
  editFormats(block, target, keepsUnknownMarks);
}

function deleteRange(block: Y.XmlFragment, pieces: readonly InlinePiece[], { from, to }: Hunk): void {
  for (const piece of pieces.toReversed()) {
    const [start, end] = [Math.max(from, piece.start), Math.min(to, piece.start + piece.length)];
    if (start >= end) continue;
    if (piece.kind === 'text') deleteText(piece.type, start - piece.start, end - start);
    else {
      if (containsUnknown(piece.node))
        throw new ScriptoriumError('unknown-node', `the write would drop a "${piece.node.type.slice(0, 60)}"`);
      block.delete(piece.index, 1);
    }
  }
}

function deleteText(text: Y.XmlText, offset: number, length: number): void {
  let at = 0;
  for (const { insert } of text.toDelta() as readonly { readonly insert: unknown }[]) {
    const size = typeof insert === 'string' ? insert.length : 1;
    if (typeof insert !== 'string' && at >= offset && at < offset + length)
      throw new ScriptoriumError('unknown-node', 'the write would drop an embedded value');
    at += size;
  }
  text.delete(offset, length);
}

interface Insertion {
  readonly at: number;
  readonly nodes: readonly ContentNode[];
}

function insertAt(block: Y.XmlFragment, pieces: readonly InlinePiece[], { at, nodes }: Insertion): void {
  for (const node of nodes) checkNode(node);
  const left = pieces.findLast((piece) => piece.start < at && at <= piece.start + piece.length);
  const firstAtom = nodes.findIndex((node) => node.text === undefined);
  const [texts, rest] = firstAtom === -1 ? [nodes, []] : [nodes.slice(0, firstAtom), nodes.slice(firstAtom)];
  if (left?.kind === 'text') {
    // What stands behind an inline thing is a text type of its own, so the text is divided there.
    const tail = rest.length === 0 ? [] : cutTail(left.type, at - left.start);
    insertTexts(left.type, at - left.start, texts);
    insertBehind(block, left.index + 1, { nodes: rest, tail });
    return;
  }
  const index = left === undefined ? 0 : left.index + 1;
  const next = block.length > index ? block.get(index) : null;
  if (rest.length === 0 && next instanceof Y.XmlText) insertTexts(next, 0, texts);
  else insertBehind(block, index, { nodes, tail: [] });
}

type Delta = readonly { readonly insert: string | object; readonly attributes?: Record<string, unknown> }[];

function cutTail(text: Y.XmlText, offset: number): Delta {
  if (offset >= text.length) return [];
  const tail: { insert: string | object; attributes?: Record<string, unknown> }[] = [];
  let at = 0;
  for (const part of text.toDelta() as Delta) {
    const size = typeof part.insert === 'string' ? part.insert.length : 1;
    if (at + size > offset)
      tail.push(
        typeof part.insert === 'string' ? { ...part, insert: part.insert.slice(Math.max(0, offset - at)) } : part,
      );
    at += size;
  }
  text.delete(offset, text.length - offset);
  return tail;
}

/** Inserts nodes as children, and behind them what was cut off; a text at the end joins the text that follows. */
function insertBehind(
  block: Y.XmlFragment,
  index: number,
  { nodes, tail }: { readonly nodes: readonly ContentNode[]; readonly tail: Delta },
): void {
  if (nodes.length === 0) return;
  const next = block.length > index ? block.get(index) : null;
  const lastAtom = nodes.findLastIndex((node) => node.text === undefined);
  const joins = tail.length === 0 && next instanceof Y.XmlText;
  const types = createTypes(joins ? nodes.slice(0, lastAtom + 1) : nodes);
  if (joins) insertTexts(next, 0, nodes.slice(lastAtom + 1));
  if (types.length > 0) block.insert(index, [...types]);
  if (tail.length === 0) return;
  const last = types.at(-1);
  if (last instanceof Y.XmlText) last.applyDelta([{ retain: last.length }, ...tail]);
  else {
    const text = new Y.XmlText();
    block.insert(index + types.length, [text]);
    text.applyDelta([...tail]);
  }
}

function insertTexts(text: Y.XmlText, offset: number, nodes: readonly ContentNode[]): void {
  let at = offset;
  for (const { insert, attributes } of nodes.map(toInsert)) {
    text.insert(at, insert, attributes);
    at += insert.length;
  }
}

/** The part of inline content between two places. */
function sliceInline(nodes: readonly ContentNode[], from: number, to: number): readonly ContentNode[] {
  const slice: ContentNode[] = [];
  let at = 0;
  for (const node of nodes) {
    const length = node.text?.length ?? 1;
    const [start, end] = [Math.max(from, at) - at, Math.min(to, at + length) - at];
    if (start < end) slice.push(node.text === undefined ? node : { ...node, text: node.text.slice(start, end) });
    at += length;
  }
  return slice;
}
