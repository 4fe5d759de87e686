import { Extension } from '@tiptap/core';
import { Plugin, PluginKey, type EditorState } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';
import { ySyncPluginKey } from '@tiptap/y-tiptap';

interface SyncState {
  readonly isChangeOrigin: boolean;
  readonly isUndoRedoOperation: boolean;
}

/** Pixels below which a block has not moved. */
const STILL = 1;

/** Whether the last change of a state came from somebody else. */
function isFromOthers(state: EditorState): boolean {
  const sync = ySyncPluginKey.getState(state) as SyncState | undefined;
  return sync?.isChangeOrigin === true && !sync.isUndoRedoOperation;
}

/**
 * Keeps the text that somebody reads where it is when others write: the view is never scrolled for their sake, and
 * where the browser does not hold the first visible block in its place, this does.
 */
export const SteadyView = Extension.create({
  name: 'steadyView',
  addProseMirrorPlugins() {
    const browserHolds = typeof CSS !== 'undefined' && CSS.supports('overflow-anchor', 'auto');
    return [
      new Plugin({
        key: new PluginKey('steadyView'),
        // The binding asks for its caret to be shown after each remote change; nobody wants that.
        props: { handleScrollToSelection: (view) => isFromOthers(view.state) },
      }),
      ...(browserHolds ? [] : [createPin()]),
    ];
  },
});

/** Measures the first visible block before a change of others is drawn, and scrolls back by what it moved. */
function createPin(): Plugin {
  let view: EditorView | null = null;
  let pinned: { readonly block: Element; readonly top: number } | null = null;
  return new Plugin({
    key: new PluginKey('steadyViewPin'),
    state: {
      init: () => null,
      // Runs before the view is drawn anew.
      apply: (transaction) => {
        const sync = transaction.getMeta(ySyncPluginKey) as SyncState | undefined;
        pinned = transaction.docChanged && sync?.isChangeOrigin === true && view !== null ? findFirstVisible(view.dom) : null;
        return null;
      },
    },
    view: (created) => {
      view = created;
      return {
        update: () => {
          if (pinned === null || !pinned.block.isConnected) return;
          const moved = pinned.block.getBoundingClientRect().top - pinned.top;
          pinned = null;
          if (Math.abs(moved) >= STILL) scrollBy({ top: moved, behavior: 'instant' });
        },
        destroy: () => {
          view = null;
        },
      };
    },
  });
}

function findFirstVisible(root: HTMLElement): { readonly block: Element; readonly top: number } | null {
  if (scrollY === 0) return null;
  for (const block of root.children) {
    const { top, bottom } = block.getBoundingClientRect();
    if (bottom > 0) return { block, top };
  }
  return null;
}
