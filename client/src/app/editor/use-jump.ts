import type { Editor } from '@tiptap/core';
import { TextSelection } from '@tiptap/pm/state';
import { useEffect } from 'preact/hooks';
import { jumpTarget, type JumpTarget } from '../search/jump-target.ts';
import { announce } from '../ui/live-region.tsx';
import { findBlockPosition } from './block-position.ts';
import { findWords, markFoundBlock } from './found-block.ts';
import type { OpenDocument } from './open-document.ts';

/** Milliseconds in which a block may still arrive from the server. */
const PATIENCE = 10_000;
/** Milliseconds for which a block stays marked, if nobody types. */
const MARKED_FOR = 6_000;

/** Leads to the block that was chosen in the search, as soon as it is there. */
export function useJump(open: OpenDocument, editor: Editor | null): void {
  const target = jumpTarget.value;
  const isReady = open.phase.value.kind === 'ready';
  useEffect(() => {
    if (target === null || target.document !== open.name || editor === null || !isReady) return undefined;
    if (target.block === null) {
      jumpTarget.value = null;
      return undefined;
    }
    const { document } = open.shared.value;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const giveUp = setTimeout(() => {
      jumpTarget.value = null;
      announce('What was found is no longer there.');
    }, PATIENCE);
    const look = (): void => {
      clearTimeout(timer);
      // The binding draws what arrived first.
      timer = setTimeout(() => {
        if (!editor.isDestroyed && goToBlock(editor, target)) jumpTarget.value = null;
      });
    };
    document.on('update', look);
    look();
    return () => {
      clearTimeout(timer);
      clearTimeout(giveUp);
      document.off('update', look);
    };
  }, [target, open, editor, isReady]);
}

/** Shows a block, marks it, and puts the caret at what was found in it. False when it is not there. */
function goToBlock(editor: Editor, { document: name, block, words }: JumpTarget): boolean {
  const position = block === null ? null : findBlockPosition(editor.state, block);
  const node = position === null ? null : editor.state.doc.nodeAt(position);
  if (position === null || node === null) return false;
  const first = findWords(node, words)[0]?.from ?? 0;
  const { view } = editor;
  const transaction = markFoundBlock(view.state.tr, { position, words });
  view.dispatch(transaction.setSelection(TextSelection.near(transaction.doc.resolve(position + 1 + first))));
  view.focus();
  const element = view.nodeDOM(position);
  if (element instanceof Element) {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    element.scrollIntoView({ block: 'center', behavior: calm ? 'instant' : 'smooth' });
  }
  announce(`In ${name}: ${node.textContent.slice(0, 120)}`);
  setTimeout(() => {
    if (!editor.isDestroyed) view.dispatch(markFoundBlock(view.state.tr, null));
  }, MARKED_FOR);
  return true;
}
