import { Extension } from '@tiptap/core';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';
import { yCursorPluginKey } from '@tiptap/y-tiptap';

/**
 * Has the editor read from the page where the person has just put the caret, and what was just typed. The browser tells
 * of that in a task of its own, on a busy machine much later; what comes in between would work with the place before,
 * or put the caret back there.
 */
export function readCaret(view: EditorView): void {
  if (view.isDestroyed || view.composing || !view.hasFocus()) return;
  view.dom.ownerDocument.dispatchEvent(new Event('selectionchange'));
}

/**
 * Reads the caret before each key is handled: End and Enter in a row are meant in this order. And before the carets of
 * others are drawn, which happens in a task of its own: what is drawn comes with the caret put back where it was known.
 */
export const FreshCaret = Extension.create({
  name: 'freshCaret',
  // Before all who handle keys.
  priority: 3_000,
  dispatchTransaction({ transaction, next }) {
    const carets: unknown = transaction.getMeta(yCursorPluginKey);
    const isOnPage = !this.editor.isDestroyed;
    if (carets === undefined || !isOnPage || transaction.docChanged || transaction.selectionSet) {
      next(transaction);
      return;
    }
    const { view } = this.editor;
    const { state } = view;
    readCaret(view);
    next(view.state === state ? transaction : view.state.tr.setMeta(yCursorPluginKey, carets));
  },
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('freshCaret'),
        props: {
          handleDOMEvents: {
            keydown: (view, event) => {
              // Keyboards on the screen and for other scripts write by themselves, and are not to be disturbed.
              if (event.key !== 'Unidentified' && event.key !== 'Process') readCaret(view);
            },
          },
        },
      }),
    ];
  },
});
