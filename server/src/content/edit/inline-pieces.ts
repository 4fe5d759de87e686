import * as Y from 'yjs';
import type { ContentNode } from '../content-node.ts';
import { keyOf } from '../content-node.ts';
import { normaliseContent } from '../normalise-content.ts';
import { renderNode } from '../render-json.ts';

/** A child of a block of text: a stretch of text, or one inline thing that counts as one character. */
export type InlinePiece =
  | {
      readonly kind: 'text';
      readonly type: Y.XmlText;
      readonly index: number;
      readonly start: number;
      readonly length: number;
    }
  | {
      readonly kind: 'atom';
      readonly type: Y.XmlElement;
      readonly node: ContentNode;
      readonly index: number;
      readonly start: number;
      readonly length: 1;
    };

/** A piece of inline content that is compared as a whole: a word, a space, a sign, or an inline thing. */
export interface InlineToken {
  readonly key: string;
  readonly length: number;
  /** The text; `null` for an inline thing. */
  readonly text: string | null;
}

/** The children of a block of text with their places. */
export function readPieces(block: Y.XmlFragment): readonly InlinePiece[] {
  let start = 0;
  const pieces: InlinePiece[] = [];
  for (const [index, type] of block.toArray().entries()) {
    if (type instanceof Y.XmlText) pieces.push({ kind: 'text', type, index, start, length: type.length });
    else if (type instanceof Y.XmlElement)
      pieces.push({ kind: 'atom', type, node: nodeOf(type), index, start, length: 1 });
    start += pieces.at(-1)?.length ?? 0;
  }
  return pieces;
}

/** The node that an element stands for, in the form in which nodes are compared. */
export function nodeOf(type: Y.XmlElement | Y.XmlHook): ContentNode {
  return normaliseContent(renderNode(type, 0) as unknown as ContentNode);
}

/** Tokens of what is there. */
export function tokensOfPieces(pieces: readonly InlinePiece[]): readonly InlineToken[] {
  return pieces.flatMap((piece) => (piece.kind === 'atom' ? [atomToken(piece.node)] : tokensOfText(piece.type)));
}

function tokensOfText(type: Y.XmlText): readonly InlineToken[] {
  const tokens: InlineToken[] = [];
  let text = '';
  for (const { insert } of type.toDelta() as readonly { readonly insert: unknown }[]) {
    if (typeof insert === 'string') {
      text += insert;
      continue;
    }
    tokens.push(...splitWords(text), { key: `embed ${keyOf(insert)}`, length: 1, text: null });
    text = '';
  }
  tokens.push(...splitWords(text));
  return tokens;
}

/** Tokens of what shall be there. */
export function tokensOfNodes(nodes: readonly ContentNode[]): readonly InlineToken[] {
  const tokens: InlineToken[] = [];
  let text = '';
  for (const node of nodes) {
    if (node.text !== undefined) {
      text += node.text;
      continue;
    }
    tokens.push(...splitWords(text), node.type === 'embed' ? embedToken(node) : atomToken(node));
    text = '';
  }
  tokens.push(...splitWords(text));
  return tokens;
}

function atomToken(node: ContentNode): InlineToken {
  return { key: `node ${keyOf({ ...node, marks: undefined })}`, length: 1, text: null };
}

function embedToken(node: ContentNode): InlineToken {
  return { key: `embed ${keyOf(node.attrs?.['value'])}`, length: 1, text: null };
}

/** Words of letters and digits, runs of white space, and single signs; ideographs one by one. */
const WORDS = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|[\p{L}\p{N}\p{M}_]+|\s+|[^]/gu;

function splitWords(text: string): readonly InlineToken[] {
  return [...text.matchAll(WORDS)].map(([word]) => ({ key: word, length: word.length, text: word }));
}
