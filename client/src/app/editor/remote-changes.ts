import { Extension } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import type { EditorState, Transaction } from '@tiptap/pm/state';
import { Mapping } from '@tiptap/pm/transform';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import { narrowChange } from './narrow-change.ts';

/** What the binding says of a transaction that brings what happened in the shared document. */
interface ChangeOrigin {
  readonly isChangeOrigin?: boolean;
  readonly isUndoRedoOperation?: boolean;
}

/** Which block stands for which shared type; the binding compares by identity. */
type BlockMapping = Map<unknown, unknown>;

/**
 * Takes in only what really changed. The binding replaces the whole document for each letter of somebody else, which
 * makes every plugin and the page go through all of it, and forgets a format that is chosen but not yet typed.
 */
export const RemoteChanges = Extension.create({
  name: 'remoteChanges',
  dispatchTransaction({ transaction, next }) {
    const origin = transaction.getMeta(ySyncPluginKey) as ChangeOrigin | undefined;
    const { state } = this.editor;
    const isWhole = transaction.steps.length === 1 && transaction.before === state.doc;
    if (origin?.isChangeOrigin !== true || !isWhole) {
      next(transaction);
      return;
    }
    const { mapping } = (ySyncPluginKey.getState(state) as { readonly binding: { readonly mapping: BlockMapping } })
      .binding;
    next(narrowTransaction(state, transaction, mapping));
  },
});

/** A transaction with the same outcome that touches only the blocks that differ. */
export function narrowTransaction(state: EditorState, whole: Transaction, mapping: BlockMapping): Transaction {
  const { steps, kept, opened } = narrowChange(state.doc, whole.doc);
  const narrow = state.tr;
  for (const step of steps) narrow.step(step);
  for (const [type, block] of mapping) {
    const position = opened.get(block as Node);
    const stands = position === undefined ? kept.get(block as Node) : narrow.doc.nodeAt(position);
    if (stands !== undefined && stands !== null) mapping.set(type, stands);
  }
  if (whole.selectionSet) narrow.setSelection(whole.selection.map(narrow.doc, new Mapping()));
  if (whole.scrolledIntoView) narrow.scrollIntoView();
  const origin = whole.getMeta(ySyncPluginKey) as ChangeOrigin;
  if (origin.isUndoRedoOperation !== true && state.storedMarks !== null) narrow.setStoredMarks(state.storedMarks);
  return narrow.setMeta(ySyncPluginKey, origin).setMeta('addToHistory', false);
}
