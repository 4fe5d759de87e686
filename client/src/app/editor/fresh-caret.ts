import { Extension } from '@tiptap/core';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';

/**
 * Has the editor read from the page where the person has just put the caret, and what was just typed. The browser tells
 * of that in a task of its own, on a busy machine much later; what comes in between would work with the place before,
 * or put the caret back there.
 */
export function readCaret(view: EditorView): void {
  if (view.isDestroyed || view.composing || !view.hasFocus()) return;
  view.dom.ownerDocument.dispatchEvent(new Event('selectionchange'));
}

/** Reads the caret before each key is handled: End and Enter in a row are meant in this order. */
export const FreshCaret = Extension.create({
  name: 'freshCaret',
  // Before all who handle keys.
  priority: 3_000,
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
