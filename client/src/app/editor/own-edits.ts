import { Extension } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { Plugin, PluginKey, type Transaction } from '@tiptap/pm/state';
import { TableMap } from '@tiptap/pm/tables';
import { ySyncPluginKey } from '@tiptap/y-tiptap';

/**
 * Keeps plugins from changing the document for anything but an edit made here. Tables are evened out and links are made
 * by plugins that answer each change, also one of somebody else. Each open editor then does the same at once, which makes
 * a table uneven again, only wider, and the next answers follow: documents have grown to megabytes that way.
 */
export const OwnEdits = Extension.create<object, { root: Transaction | null }>({
  name: 'ownEdits',
  // The last before the editor itself, so that it sees what is really applied.
  priority: 1,
  addStorage: () => ({ root: null }),
  dispatchTransaction({ transaction, next }) {
    const before = this.storage.root;
    this.storage.root = transaction;
    try {
      next(transaction);
    } finally {
      this.storage.root = before;
    }
  },
  addProseMirrorPlugins() {
    const { storage } = this;
    return [
      new Plugin({
        key: new PluginKey('ownEdits'),
        filterTransaction: (transaction) => mayApply(transaction, storage.root),
      }),
    ];
  },
});

/**
 * Whether a transaction may be applied, `root` being the one that is dispatched: it is that one itself, or it changes
 * nothing, or it mends what that one, an edit made here, has just broken.
 */
export function mayApply(transaction: Transaction, root: Transaction | null): boolean {
  if (root === null || transaction === root || !transaction.docChanged) return true;
  const origin = root.getMeta(ySyncPluginKey) as { readonly isChangeOrigin?: boolean } | undefined;
  return origin?.isChangeOrigin !== true && !hasOldDamage(root, transaction.before);
}

/** Whether a table in `now` is uneven and was so before `root`. Somebody else may be evening it out as well. */
function hasOldDamage(root: Transaction, now: Node): boolean {
  const back = root.mapping.invert();
  return listUneven(now).some((position) => {
    const before = root.before.nodeAt(back.map(position));
    return before !== null && isUneven(before);
  });
}

function listUneven(document: Node): readonly number[] {
  const found: number[] = [];
  document.descendants((node, position) => {
    if (isUneven(node)) found.push(position);
    return !node.isTextblock;
  });
  return found;
}

/** Whether a block is a table whose rows are not equally long. */
export function isUneven(block: Node): boolean {
  return block.type.spec['tableRole'] === 'table' && TableMap.get(block).problems !== null;
}
