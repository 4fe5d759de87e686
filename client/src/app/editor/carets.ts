import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import type { AnyExtension } from '@tiptap/core';
import type { Awareness } from 'y-protocols/awareness';
import { caretKey, type PresentUser } from './people.ts';

/** Milliseconds that a name stays beside its caret after the last movement. */
const LABEL_TIME = 2_000;
/** Milliseconds in which a caret slides to its new place on the same line. */
const SLIDE_TIME = 100;
/** Pixels between two places that count as one line. */
const SAME_LINE = 4;

/** Carets of the others: a name while they move, a small flag while they do not. */
export interface Carets {
  readonly extension: AnyExtension;
  readonly destroy: () => void;
}

interface Mark {
  /** When the caret last moved, in milliseconds. */
  movedAt: number;
  timer: ReturnType<typeof setTimeout> | null;
  left: number;
  top: number;
}

interface AwarenessChange {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

/** Makes the carets of one editor. `root` is what the editor is in. */
export function createCarets(awareness: Awareness, user: PresentUser, root: HTMLElement): Carets {
  const marks = new Map<string, Mark>();
  const cursors = new Map<number, string>();
  const find = (key: string): NodeListOf<HTMLElement> => root.querySelectorAll(`[data-caret="${CSS.escape(key)}"]`);

  const wake = (key: string): void => {
    const mark = marks.get(key) ?? { movedAt: 0, timer: null, left: NaN, top: NaN };
    marks.set(key, mark);
    mark.movedAt = Date.now();
    if (mark.timer !== null) clearTimeout(mark.timer);
    mark.timer = setTimeout(() => {
      for (const caret of find(key)) caret.classList.remove('is-moving');
    }, LABEL_TIME);
    for (const caret of find(key)) caret.classList.add('is-moving');
  };

  const onChange = ({ added, updated, removed }: AwarenessChange): void => {
    for (const client of [...added, ...updated]) {
      if (client === awareness.clientID) continue;
      const cursor = JSON.stringify(awareness.getStates().get(client)?.['cursor'] ?? null);
      if (cursors.get(client) === cursor) continue;
      cursors.set(client, cursor);
      wake(caretKey(client));
    }
    for (const client of removed) {
      cursors.delete(client);
      marks.delete(caretKey(client));
    }
  };
  awareness.on('change', onChange);

  const extension = CollaborationCaret.configure({
    provider: { awareness },
    user: { ...user, client: awareness.clientID },
    render: (shown) => {
      const key = String(shown['client'] ?? shown['name']);
      const caret = drawCaret(key, String(shown['name']), String(shown['color']));
      const mark = marks.get(key);
      if (mark !== undefined && Date.now() - mark.movedAt < LABEL_TIME) caret.classList.add('is-moving');
      requestAnimationFrame(() => {
        if (mark !== undefined) slide(caret, mark);
      });
      return caret;
    },
    selectionRender: (shown) => ({
      class: 'collaboration-carets__selection',
      style: `--person: ${String(shown['color'])}`,
    }),
  });

  return {
    extension,
    destroy: () => {
      awareness.off('change', onChange);
      for (const mark of marks.values()) if (mark.timer !== null) clearTimeout(mark.timer);
    },
  };
}

function drawCaret(key: string, name: string, colour: string): HTMLElement {
  const caret = document.createElement('span');
  caret.className = 'collaboration-carets__caret';
  caret.dataset['caret'] = key;
  caret.style.setProperty('--person', colour);
  const bar = document.createElement('span');
  bar.className = 'collaboration-carets__bar';
  const label = document.createElement('span');
  label.className = 'collaboration-carets__label';
  label.textContent = name;
  bar.append(label);
  caret.append(bar);
  return caret;
}

/** Slides along a line, jumps between lines, and turns the label down where there is no room above. */
function slide(caret: HTMLElement, mark: Mark): void {
  const bar = caret.firstElementChild;
  if (!(bar instanceof HTMLElement) || !caret.isConnected) return;
  const { left, top } = caret.getBoundingClientRect();
  const editor = caret.closest('.ProseMirror');
  if (editor !== null && top - editor.getBoundingClientRect().top < 24) caret.classList.add('is-low');
  const distance = mark.left - left;
  const sameLine = Math.abs(mark.top - top) < SAME_LINE;
  mark.left = left;
  mark.top = top;
  if (!sameLine || Math.abs(distance) < 1 || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  bar.animate([{ translate: `${distance}px 0` }, { translate: '0 0' }], { duration: SLIDE_TIME, easing: 'ease-out' });
}
