import { CollaborationCaret } from '@tiptap/extension-collaboration-caret';
import type { AnyExtension } from '@tiptap/core';
import type { Awareness } from 'y-protocols/awareness';
import { caretKey, type PresentUser } from './people.ts';

/** Milliseconds that a name stays beside its caret after the last movement. */
const LABEL_TIME = 2_000;
/** Milliseconds in which a caret slides to its new place on the same line. */
const SLIDE_TIME = 100;
/** Pixels that a label wants between itself and an edge. */
const LABEL_ROOM = 24;
/** Pixels between two places that count as one line. */
const SAME_LINE = 4;

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

/** Carets of the others in one editor: a name while they move, a small flag while they do not. */
export class Carets {
  readonly extension: AnyExtension;
  readonly #awareness: Awareness;
  readonly #root: HTMLElement;
  readonly #marks = new Map<string, Mark>();
  readonly #cursors = new Map<number, string>();

  /** `root` is what the editor is in. */
  constructor(awareness: Awareness, user: PresentUser, root: HTMLElement) {
    this.#awareness = awareness;
    this.#root = root;
    awareness.on('change', this.#onChange);
    this.extension = CollaborationCaret.configure({
      provider: { awareness },
      user: { ...user, client: awareness.clientID },
      render: (shown) => this.#render(shown),
      selectionRender: (shown) => ({
        class: 'collaboration-carets__selection',
        style: `--person: ${String(shown['color'])}`,
      }),
    });
  }

  destroy(): void {
    this.#awareness.off('change', this.#onChange);
    for (const mark of this.#marks.values()) if (mark.timer !== null) clearTimeout(mark.timer);
  }

  readonly #onChange = ({ added, updated, removed }: AwarenessChange): void => {
    for (const client of [...added, ...updated]) {
      if (client === this.#awareness.clientID) continue;
      const cursor = JSON.stringify(this.#awareness.getStates().get(client)?.['cursor'] ?? null);
      if (this.#cursors.get(client) === cursor) continue;
      this.#cursors.set(client, cursor);
      this.#wake(caretKey(client));
    }
    for (const client of removed) {
      this.#cursors.delete(client);
      this.#marks.delete(caretKey(client));
    }
  };

  /** Shows the name for a while. */
  #wake(key: string): void {
    const mark = this.#marks.get(key) ?? { movedAt: 0, timer: null, left: NaN, top: NaN };
    this.#marks.set(key, mark);
    mark.movedAt = Date.now();
    if (mark.timer !== null) clearTimeout(mark.timer);
    mark.timer = setTimeout(() => {
      this.#setMoving(key, false);
    }, LABEL_TIME);
    this.#setMoving(key, true);
    this.#placeSoon(key);
  }

  #find(key: string): readonly HTMLElement[] {
    return [...this.#root.querySelectorAll<HTMLElement>(`[data-caret="${CSS.escape(key)}"]`)];
  }

  #setMoving(key: string, moving: boolean): void {
    for (const caret of this.#find(key)) caret.classList.toggle('is-moving', moving);
  }

  /** The binding draws a moved caret in a task of its own, and keeps its element where it can. */
  #placeSoon(key: string): void {
    setTimeout(() => {
      requestAnimationFrame(() => {
        const mark = this.#marks.get(key);
        for (const caret of this.#find(key)) {
          turnLabel(caret);
          if (mark !== undefined) slide(caret, mark);
        }
      });
    });
  }

  #render(shown: Readonly<Record<string, unknown>>): HTMLElement {
    const key = String(shown['client'] ?? shown['name']);
    const caret = drawCaret(key, String(shown['name']), String(shown['color']));
    const mark = this.#marks.get(key);
    caret.classList.toggle('is-moving', mark !== undefined && Date.now() - mark.movedAt < LABEL_TIME);
    this.#placeSoon(key);
    return caret;
  }
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

/** Turns the label to where there is room for it in the window. */
function turnLabel(caret: HTMLElement): void {
  const { left, top } = caret.getBoundingClientRect();
  const editorTop = caret.closest('.ProseMirror')?.getBoundingClientRect().top ?? 0;
  const width = caret.querySelector('.collaboration-carets__label')?.scrollWidth ?? 0;
  caret.classList.toggle('is-low', top - editorTop < LABEL_ROOM);
  caret.classList.toggle('is-left', left + width + LABEL_ROOM > document.documentElement.clientWidth);
}

/** Slides along a line, and jumps between lines. */
function slide(caret: HTMLElement, mark: Mark): void {
  const { left, top } = caret.getBoundingClientRect();
  const distance = mark.left - left;
  const sameLine = Math.abs(mark.top - top) < SAME_LINE;
  mark.left = left;
  mark.top = top;
  if (!sameLine || Math.abs(distance) < 1 || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const steps = [{ translate: `${distance}px 0` }, { translate: '0 0' }];
  caret.firstElementChild?.animate(steps, { duration: SLIDE_TIME, easing: 'ease-out' });
}
