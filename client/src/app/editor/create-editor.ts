import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { Placeholder } from '@tiptap/extensions/placeholder';
import { createSchemaExtensions, EDITOR_FIELD } from '@scriptorium/shared/editor-schema';
import { Carets } from './carets.ts';
import type { Shared } from './open-document.ts';
import type { PresentUser } from './people.ts';
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
}

/** Pixels that the caret keeps from the edges of the window; the header covers the upper one. */
const ROOM = { top: 120, bottom: 48, left: 0, right: 0 } as const;

/** Binds an editor to the shared document. It gets no content of its own: that would be added to what is there. */
export function createEditor(root: HTMLElement, { shared, user, editable, label }: EditorOptions): MountedEditor {
  const carets = new Carets(shared.awareness, user, root);
  const editor = new Editor({
    element: root,
    editable,
    injectCSS: false,
    extensions: [
      ...createSchemaExtensions(),
      Placeholder.configure({ placeholder: 'Write something, or type # for a heading' }),
      Collaboration.configure({ document: shared.document, field: EDITOR_FIELD }),
      carets.extension,
      SteadyView,
    ],
    editorProps: {
      scrollThreshold: ROOM,
      scrollMargin: ROOM,
      attributes: {
        class: 'prose',
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': label,
        translate: 'no',
      },
    },
  });
  return {
    editor,
    destroy: () => {
      carets.destroy();
      editor.destroy();
    },
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
