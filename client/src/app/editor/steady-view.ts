import { Extension } from '@tiptap/core';
import { Plugin, PluginKey, type EditorState } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import type { Doc, Transaction, XmlFragment } from 'yjs';

interface SyncState {
  readonly isChangeOrigin?: boolean;
  readonly isUndoRedoOperation?: boolean;
  readonly type: XmlFragment;
  readonly doc: Doc;
}

/** A block of the shared document and where its upper edge was in the window. */
interface Pin {
  readonly block: unknown;
  readonly top: number;
}

/** Pixels at the window's top that the header covers. */
const COVERED = 100;
/** Pixels below which a block has not moved. */
const STILL = 1;

function readSync(state: EditorState): SyncState | undefined {
  return ySyncPluginKey.getState(state) as SyncState | undefined;
}

function isStateOfOthers(state: EditorState): boolean {
  const sync = readSync(state);
  return sync?.isChangeOrigin === true && sync.isUndoRedoOperation !== true;
}

/**
 * Keeps the text that somebody reads where it is when others write: the view is never scrolled to the caret for their
 * sake, and the first visible block stays where it was. Browsers that anchor scrolling by themselves hold on to an
 * element, but the binding lets elements change places with their text.
 */
export const SteadyView = Extension.create({
  name: 'steadyView',
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('steadyView'),
        // The binding asks for its caret to be shown after each remote change; nobody wants that.
        props: { handleScrollToSelection: (view) => isStateOfOthers(view.state) },
        view: holdFirstBlock,
      }),
    ];
  },
});

function holdFirstBlock(view: EditorView): { readonly destroy: () => void } {
  const sync = readSync(view.state);
  if (sync === undefined) return { destroy: () => {} };
  const { doc, type } = sync;
  let pin: Pin | null = null;
  const measure = (transaction: Transaction): void => {
    pin = transaction.local || view.isDestroyed ? null : findPin(view, type);
  };
  const restore = (): void => {
    if (pin !== null && !view.isDestroyed) scrollBack(view, type, pin);
    pin = null;
  };
  // The binding draws the change between the two.
  doc.on('beforeTransaction', measure);
  doc.on('afterTransaction', restore);
  return {
    destroy: () => {
      doc.off('beforeTransaction', measure);
      doc.off('afterTransaction', restore);
    },
  };
}

/** The first block that can be seen; `null` at the very top, where there is nothing to hold on to. */
function findPin(view: EditorView, type: XmlFragment): Pin | null {
  if (scrollY === 0) return null;
  const { children } = view.dom;
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((children[middle]?.getBoundingClientRect().bottom ?? 0) > COVERED) high = middle;
    else low = middle + 1;
  }
  const element = children[low];
  if (element === undefined) return null;
  const index = view.state.doc.resolve(view.posAtDOM(element, 0)).index(0);
  return { block: type.get(index), top: element.getBoundingClientRect().top };
}

function scrollBack(view: EditorView, type: XmlFragment, { block, top }: Pin): void {
  const index = type.toArray().findIndex((candidate) => candidate === block);
  if (index === -1 || index >= view.state.doc.childCount) return;
  let position = 0;
  for (let before = 0; before < index; before += 1) position += view.state.doc.child(before).nodeSize;
  const element = view.nodeDOM(position);
  if (!(element instanceof Element)) return;
  const moved = element.getBoundingClientRect().top - top;
  if (Math.abs(moved) < STILL) return;
  // Else the browser might correct it a second time.
  view.dom.style.overflowAnchor = 'none';
  scrollBy({ top: moved, behavior: 'instant' });
  requestAnimationFrame(() => {
    requestAnimationFrame(() => {
      view.dom.style.overflowAnchor = '';
    });
  });
}
