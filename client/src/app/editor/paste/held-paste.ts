import { Extension } from '@tiptap/core';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';
import { looksLikeMarkdown } from './markdown-signs.ts';

/** Characters from which on a paste takes long enough to be noticed. */
const LARGE = 50_000;
/** Milliseconds after which it goes on also where no frame is drawn, as in a tab behind others. */
const FRAME_PATIENCE = 150;
/** Milliseconds that what reads Markdown may take to arrive; after that the text is pasted as it stands. */
const READER_PATIENCE = 3_000;
/** Where an editor for programs says what language a text is in. */
const CODE_EDITOR = 'vscode-editor-data';

interface HeldPasteOptions {
  /** Told before long work begins, early enough to be on the screen by then, and after it has ended. */
  readonly onWork: (working: boolean) => void;
}

/**
 * Holds a paste back until everything is ready for it. A large one waits until the page has said what is going on:
 * thousands of blocks take a second or more, in which nothing is drawn. Markdown waits for what reads it. What is typed
 * meanwhile comes after it.
 */
export const HeldPaste = Extension.create<HeldPasteOptions>({
  name: 'heldPaste',
  // Before all who read the clipboard.
  priority: 2_000,
  addOptions: () => ({ onWork: () => {} }),
  addProseMirrorPlugins() {
    return [createPlugin(this.options.onWork)];
  },
});

interface Held {
  readonly view: EditorView;
  readonly data: DataTransfer;
  readonly large: boolean;
}

function createPlugin(onWork: HeldPasteOptions['onWork']): Plugin {
  const hold = new PasteHold(onWork);
  const pasteNow = (): void => {
    hold.pasteNow();
  };
  return new Plugin({
    key: new PluginKey('heldPaste'),
    props: {
      handleDOMEvents: {
        paste: (view, event) => hold.take(view, event),
        keydown: (_view, event) => {
          hold.noteKey(event);
          pasteNow();
        },
        keyup: (_view, event) => {
          hold.noteKey(event);
        },
        beforeinput: pasteNow,
        mousedown: pasteNow,
      },
    },
    view: () => {
      fetchWhenIdle();
      return {
        destroy: () => {
          hold.drop();
        },
      };
    },
  });
}

/** At most one paste that waits. */
class PasteHold {
  readonly #onWork: HeldPasteOptions['onWork'];
  #held: Held | null = null;
  /** The paste that goes on is an event of its own, and is not held again. */
  #passing = false;
  #plainWanted = false;

  constructor(onWork: HeldPasteOptions['onWork']) {
    this.#onWork = onWork;
  }

  /** With Shift it is pasted as it stands. */
  noteKey(event: KeyboardEvent): void {
    this.#plainWanted = event.shiftKey;
  }

  /** Takes a paste if it has to wait, and says so. */
  take(view: EditorView, event: ClipboardEvent): boolean {
    if (this.#passing) return false;
    this.pasteNow();
    const data = event.clipboardData;
    if (data === null || !view.editable || view.state.selection.$from.parent.type.spec.code === true) return false;
    const text = data.getData('text/plain');
    const markdown = !this.#plainWanted && isMarkdown(data, text);
    const large = text.length + data.getData('text/html').length >= LARGE;
    if (!markdown && !large) return false;
    event.preventDefault();
    const copy = copyTexts(data);
    const ready = markdown ? readMarkdown(text, copy) : Promise.resolve();
    this.#hold({ view, data: copy, large }, large ? Promise.all([ready, waitForFrame()]) : ready);
    return true;
  }

  pasteNow(): void {
    if (this.#held === null) return;
    const { view, data, large } = this.#held;
    this.#held = null;
    this.#passing = true;
    view.dom.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    this.#passing = false;
    if (large) this.#onWork(false);
  }

  drop(): void {
    if (this.#held?.large === true) this.#onWork(false);
    this.#held = null;
  }

  #hold(paste: Held, ready: Promise<unknown>): void {
    this.#held = paste;
    if (paste.large) this.#onWork(true);
    ready.then(
      () => {
        if (this.#held === paste) this.pasteNow();
      },
      () => {},
    );
  }
}

/** A text without formatting, or one of an editor for programs that says what language it is in. */
function isMarkdown(data: DataTransfer, text: string): boolean {
  const code = data.getData(CODE_EDITOR);
  if (code !== '') return code.includes('"mode":"markdown"');
  return data.getData('text/html') === '' && looksLikeMarkdown(text);
}

/** Puts what a Markdown text means beside it; without its reader, which may not come, it stays what it is. */
async function readMarkdown(text: string, data: DataTransfer): Promise<void> {
  try {
    const late = new Promise<never>((_, reject) => setTimeout(reject, READER_PATIENCE));
    const { markdownToHtml } = await Promise.race([import('./markdown-html.ts'), late]);
    data.setData('text/html', markdownToHtml(text));
    // Or the editor would make a block of code of it.
    data.clearData(CODE_EDITOR);
  } catch {
    // As it stands is better than not at all.
  }
}

/** Has the reader here before the first paste, which may happen without a connection. */
function fetchWhenIdle(): void {
  const fetch = (): void => {
    import('./markdown-html.ts').catch(() => {});
  };
  if ('requestIdleCallback' in window) requestIdleCallback(fetch);
  else setTimeout(fetch, READER_PATIENCE);
}

/** A task after the next frame, when that has been drawn. */
function waitForFrame(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, FRAME_PATIENCE);
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

/** The browser takes a clipboard's contents away with its event. */
function copyTexts(data: DataTransfer): DataTransfer {
  const copy = new DataTransfer();
  for (const type of data.types) if (type !== 'Files') copy.setData(type, data.getData(type));
  return copy;
}
