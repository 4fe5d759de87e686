import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { Placeholder } from '@tiptap/extensions/placeholder';
import { createSchemaExtensions, EDITOR_FIELD } from '@scriptorium/shared/editor-schema';
import { Carets } from './carets.ts';
import { EmptyBlockText } from './empty-block-text.ts';
import { FoundBlockMarks } from './found-block.ts';
import { FreshCaret } from './fresh-caret.ts';
import { ListShortcuts } from './list-shortcuts.ts';
import type { Shared } from './open-document.ts';
import { OwnEdits } from './own-edits.ts';
import type { PresentUser } from './people.ts';
import { HeldPaste } from './paste/held-paste.ts';
import { RemoteChanges } from './remote-changes.ts';
import { SteadyView } from './steady-view.ts';

/** An editor on the page, and the way to take it off again. */
export interface MountedEditor {
  readonly editor: Editor;
  readonly destroy: () => void;
}

export interface EditorOptions {
  readonly shared: Shared;
  readonly user: PresentUser;
  readonly editable: boolean;
  readonly label: string;
  /** Told before work begins during which nothing can be drawn, and after it. */
  readonly onWork: (working: boolean) => void;
}

/** The element that tells how to leave the text by keyboard. */
export const HINT_ID = 'document-hint';

/** Pixels that the caret keeps from the edges of the window; the header covers the upper one. */
const ROOM = { top: 120, bottom: 48, left: 0, right: 0 } as const;

/** Binds an editor to the shared document. It gets no content of its own: that would be added to what is there. */
export function createEditor(
  root: HTMLElement,
  { shared, user, editable, label, onWork }: EditorOptions,
): MountedEditor {
  const protectedNodes = new Set<string>();
  const carets = new Carets(shared.awareness, user, root);
  const editor = new Editor({
    element: root,
    editable,
    injectCSS: false,
    extensions: [
      ...createSchemaExtensions(),
      Placeholder.configure({ placeholder: 'Write something, or type # for a heading' }),
      Collaboration.configure({
        document: shared.document,
        field: EDITOR_FIELD,
        yUndoOptions: { protectedNodes },
      }),
      carets.extension,
      SteadyView,
      FreshCaret,
      FoundBlockMarks,
      RemoteChanges,
      OwnEdits,
      EmptyBlockText,
      ListShortcuts,
      HeldPaste.configure({ onWork }),
    ],
    editorProps: {
      scrollThreshold: ROOM,
      scrollMargin: ROOM,
      attributes: describeText(label),
    },
  });
  // Undo takes no block away that somebody else has written in meanwhile; by itself it spares paragraphs alone.
  for (const type of Object.values(editor.schema.nodes)) if (type.isBlock) protectedNodes.add(type.name);
  return {
    editor,
    destroy: () => {
      carets.destroy();
      editor.destroy();
    },
  };
}

/** What the page, and whoever reads it out, is told of the text. */
function describeText(label: string): Record<string, string> {
  return {
    class: 'prose',
    role: 'textbox',
    'aria-multiline': 'true',
    'aria-label': label,
    'aria-describedby': HINT_ID,
    // Where it cannot be written in, it can still be read and scrolled by keyboard.
    tabindex: '0',
    // Whatever people write in, it is not the language of the buttons.
    lang: '',
    translate: 'no',
  };
}

/** Puts the caret behind the last block, in a new paragraph where the last block is no plain text. */
export function continueAtEnd(editor: Editor): void {
  if (!editor.isEditable) return;
  const { lastChild } = editor.state.doc;
  const end = editor.state.doc.content.size;
  if (lastChild?.type.name === 'paragraph') editor.commands.focus('end');
  else editor.chain().insertContentAt(end, { type: 'paragraph' }).focus('end').run();
}
