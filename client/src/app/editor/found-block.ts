import { Extension } from '@tiptap/core';
import type { Node as TextNode } from '@tiptap/pm/model';
import { Plugin, PluginKey, type Transaction } from '@tiptap/pm/state';
import { Decoration, DecorationSet } from '@tiptap/pm/view';

/** A block that somebody was led to, and the words that were found in it. */
export interface FoundBlock {
  readonly position: number;
  readonly words: readonly string[];
}

const foundBlockKey = new PluginKey<DecorationSet>('foundBlock');

/** Marks the block that the search led to, and what was found in it, until it is told otherwise. */
export const FoundBlockMarks = Extension.create({
  name: 'foundBlockMarks',
  addProseMirrorPlugins() {
    return [
      new Plugin<DecorationSet>({
        key: foundBlockKey,
        state: {
          init: () => DecorationSet.empty,
          apply: (transaction, marks) => {
            const found = transaction.getMeta(foundBlockKey) as FoundBlock | null | undefined;
            if (found === undefined) return marks.map(transaction.mapping, transaction.doc);
            return found === null ? DecorationSet.empty : drawMarks(transaction.doc, found);
          },
        },
        props: { decorations: (state) => foundBlockKey.getState(state) },
      }),
    ];
  },
});

/** Has a block marked, or none. */
export function markFoundBlock(transaction: Transaction, found: FoundBlock | null): Transaction {
  return transaction.setMeta(foundBlockKey, found).setMeta('addToHistory', false);
}

function drawMarks(doc: TextNode, { position, words }: FoundBlock): DecorationSet {
  const node = doc.nodeAt(position);
  if (node === null) return DecorationSet.empty;
  const marks = [Decoration.node(position, position + node.nodeSize, { class: 'found-block' })];
  for (const { from, to } of findWords(node, words)) {
    marks.push(Decoration.inline(position + 1 + from, position + 1 + to, { class: 'found-word' }));
  }
  return DecorationSet.create(doc, marks);
}

/** Where words stand in a block, by their place behind its beginning. */
export function findWords(
  node: TextNode,
  words: readonly string[],
): readonly { readonly from: number; readonly to: number }[] {
  // What is no text counts as one character, as it does in positions.
  const text = node.textBetween(0, node.content.size, '\uFFFC', '\uFFFC');
  const found: { from: number; to: number }[] = [];
  for (const word of words) {
    if (word === '') continue;
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length)) {
      found.push({ from: at, to: at + word.length });
    }
  }
  return found.toSorted((one, other) => one.from - other.from);
}
