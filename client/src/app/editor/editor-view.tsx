import type { Editor } from '@tiptap/core';
import { useEffect, useRef } from 'preact/hooks';
import { announce } from '../ui/live-region.tsx';
import { continueAtEnd, createEditor, HINT_ID, type MountedEditor } from './create-editor.ts';
import { readCaret } from './fresh-caret.ts';
import { watchNearby } from './nearby.ts';
import type { OpenDocument, Shared } from './open-document.ts';
import { resolveColour, type PresentUser } from './people.ts';

interface EditorViewProps {
  readonly open: OpenDocument;
  readonly user: PresentUser;
  readonly writable: boolean;
  readonly onEditor: (editor: Editor | null) => void;
}

/** Where the text is written. */
export function EditorView({ open, user, writable, onEditor }: EditorViewProps) {
  const root = useRef<HTMLDivElement>(null);
  const mounted = useRef<MountedEditor | null>(null);
  const shared = open.shared.value;
  useEffect(() => {
    if (root.current === null) return undefined;
    const created = createEditor(root.current, {
      shared,
      user,
      editable: writable,
      label: `Text of ${open.name}`,
      onWork: (working) => {
        open.working.value = working;
      },
    });
    mounted.current = created;
    const { editor } = created;
    onEditor(editor);
    if (editor.isEmpty && writable) editor.commands.focus('start');
    const endIdentity = keepIdentity(shared, user, editor);
    const endIncoming = open.onIncoming(() => {
      readCaret(editor.view);
    });
    const endNearby = watchNearby({ editor, awareness: shared.awareness, say: announce });
    return () => {
      endIdentity();
      endIncoming();
      endNearby();
      onEditor(null);
      mounted.current = null;
      created.destroy();
    };
  }, [shared, user, open, onEditor]);
  useEffect(() => {
    mounted.current?.editor.setEditable(writable, false);
  }, [writable]);
  return (
    <>
      <p id={HINT_ID} hidden>
        Alt+F10 leads to the formatting, Alt+F9 to who is here.
      </p>
      <div ref={root} id="document-text" class="editor" data-testid="editor" data-writable={writable} />
      <div
        class="editor-rest"
        aria-hidden="true"
        onMouseDown={(event) => {
          event.preventDefault();
          if (mounted.current !== null) continueAtEnd(mounted.current.editor);
        }}
      />
    </>
  );
}

/** Tells who is here, in another colour when somebody who was here before has the same one. */
function keepIdentity({ awareness }: Shared, user: PresentUser, editor: Editor): () => void {
  let self = user;
  const check = (): void => {
    const color = resolveColour(awareness, self);
    if (color === null) return;
    self = { ...self, color };
    editor.commands.updateUser({ ...self, client: awareness.clientID });
  };
  // A page that the browser had put away has said goodbye.
  const sayHello = (event: PageTransitionEvent): void => {
    if (event.persisted) editor.commands.updateUser({ ...self, client: awareness.clientID });
  };
  awareness.on('change', check);
  addEventListener('pageshow', sayHello);
  return () => {
    awareness.off('change', check);
    removeEventListener('pageshow', sayHello);
  };
}
