import { Extension } from '@tiptap/core';
import type { Schema } from '@tiptap/pm/model';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import { ContentType, findIndexSS, Item, XmlElement, XmlText, type Doc, type Transaction } from 'yjs';

/**
 * Gives each block that is made empty a text to type into. The binding makes that text with the first letter, so two
 * people who begin in the same empty block make two texts; it then moves one into the other, on both sides at once, and
 * letters come out doubled, apart, or not at all. With one text from the start, Yjs orders the letters as anywhere else.
 */
export const EmptyBlockText = Extension.create({
  name: 'emptyBlockText',
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('emptyBlockText'),
        view: (view) => {
          const sync = ySyncPluginKey.getState(view.state) as { readonly doc: Doc } | undefined;
          return { destroy: sync === undefined ? () => {} : fillEmptyBlocks(sync.doc, view.state.schema) };
        },
      }),
    ];
  },
});

/**
 * Fills the blocks that the binding leaves empty in this document, and only those: of a block that came from elsewhere
 * its maker takes care. Returns the end of it.
 */
export function fillEmptyBlocks(document: Doc, schema: Schema): () => void {
  const onTransaction = (transaction: Transaction): void => {
    if (transaction.origin !== ySyncPluginKey) return;
    const empty = listEmptyBlocks(transaction, schema);
    if (empty.length === 0) return;
    // Still within the binding's own turn, so it takes this for its own doing, and undo takes both back as one.
    document.transact((filling) => {
      filling.meta.set('addToHistory', transaction.meta.get('addToHistory'));
      for (const block of empty) block.insert(0, [new XmlText()]);
    }, ySyncPluginKey);
  };
  document.on('afterTransaction', onTransaction);
  return () => {
    document.off('afterTransaction', onTransaction);
  };
}

function listEmptyBlocks(transaction: Transaction, schema: Schema): readonly XmlElement[] {
  const emptied: readonly unknown[] = [...transaction.changed.keys()];
  const found = new Set([...listMade(transaction), ...emptied].filter((type) => type instanceof XmlElement));
  return [...found].filter(
    ({ length, nodeName, _item }) =>
      length === 0 && _item?.deleted === false && schema.nodes[nodeName]?.isTextblock === true,
  );
}

/** The types that a transaction made here. */
function listMade({ doc, beforeState, afterState }: Transaction): readonly unknown[] {
  const structs = doc.store.clients.get(doc.clientID) ?? [];
  const before = beforeState.get(doc.clientID) ?? 0;
  if (before === (afterState.get(doc.clientID) ?? 0)) return [];
  return structs
    .slice(findIndexSS(structs, before))
    .map((struct) => (struct instanceof Item && struct.content instanceof ContentType ? struct.content.type : null));
}
