import type { Editor } from '@tiptap/core';
import { ERRORS } from '@scriptorium/shared/error-codes';
import { choosePersonColour } from '@scriptorium/shared/person-colour';
import type { DocumentView } from '@scriptorium/shared/rest-schemas';
import { roleAllows } from '@scriptorium/shared/roles';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { rest, signedIn } from '../session.ts';
import { documentPath } from '../app-path.ts';
import { navigate } from '../router.ts';
import { announce } from '../ui/live-region.tsx';
import { MessagePage } from '../ui/message-page.tsx';
import { EditorHeader } from './editor-header.tsx';
import { EditorView } from './editor-view.tsx';
import { Notices } from './notices.tsx';
import { OpenDocument } from './open-document.ts';
import type { PresentUser } from './people.ts';
import { SaveAsFile } from './rescue-buttons.tsx';
import { Toolbar } from './toolbar.tsx';
import { useJump } from './use-jump.ts';
import { useUnloadWarning } from './use-unload-warning.ts';
import '../styles/editor.css';
import '../styles/toolbar.css';
import '../styles/prose.css';
import '../styles/carets.css';

/** One document, open for reading and writing. */
export function EditorPage({ name }: { readonly name: string }) {
  const user = useSelf();
  const [open, setOpen] = useState<OpenDocument | null>(null);
  useEffect(() => {
    document.title = `${name} · Scriptorium`;
    const opened = new OpenDocument(name, user);
    setOpen(opened);
    return () => {
      opened.leave();
    };
  }, [name, user.id]);
  return open === null ? null : <OpenPage open={open} user={user} />;
}

function useSelf(): PresentUser {
  const user = signedIn.value?.user ?? { id: 'nobody', name: 'Nobody' };
  return useMemo(() => ({ id: user.id, name: user.name, color: choosePersonColour(user.id) }), [user.id, user.name]);
}

function OpenPage({ open, user }: { readonly open: OpenDocument; readonly user: PresentUser }) {
  const [editor, setEditor] = useState<Editor | null>(null);
  useUnloadWarning(open);
  useJump(open, editor);
  const record = useRecord(open);
  const phase = open.phase.value;
  if (phase.kind === 'denied') return <Denied open={open} code={phase.code} />;
  if (phase.kind === 'outdated') return <Outdated />;
  const writable = open.access.value !== 'read-only' && open.status.value.kind !== 'refused';
  return (
    <div class="editor-page">
      <div class="editor-top">
        <EditorHeader
          open={open}
          user={user}
          editor={editor}
          mayRename={record !== null && roleAllows(record.role, 'rename')}
        />
        {writable && editor !== null && <Toolbar key={String(open.shared.value.document.clientID)} editor={editor} />}
      </div>
      <Notices open={open} />
      <main class="editor-main">
        {phase.kind === 'loading' ? (
          <Loading slow={phase.slow} />
        ) : (
          <EditorView open={open} user={user} writable={writable} onEditor={setEditor} />
        )}
      </main>
    </div>
  );
}

/**
 * What the server says of the document besides its text. One that was renamed, before it was opened here or since, is
 * followed to its new address.
 */
function useRecord(open: OpenDocument): DocumentView | null {
  const [record, setRecord] = useState<DocumentView | null>(null);
  const connections = open.connections.value;
  useEffect(() => {
    if (connections === 0) return;
    rest.readDocument(open.name).then(
      setRecord,
      // Without it the name and its address stay what they are.
      () => {},
    );
  }, [connections, open]);
  const saved = open.status.value.kind === 'saved';
  const called = record?.name ?? open.name;
  useEffect(() => {
    // The copy on this device goes by the old name, so nothing may be waiting in it.
    if (called === open.name || !saved) return;
    void open.discardLocalCopy();
    announce(`This document is called ${called} now.`);
    navigate(documentPath(called), { replace: true });
  }, [called, saved, open]);
  return record;
}

function Loading({ slow }: { readonly slow: boolean }) {
  return (
    <div class="editor-loading" aria-busy="true">
      {slow ? (
        <p role="status">
          The server cannot be reached, and this document is not on this device yet. Trying again by itself…
        </p>
      ) : (
        [70, 92, 84, 60].map((width) => <span key={width} class="bone" style={{ width: `${width}%` }} />)
      )}
    </div>
  );
}

function Denied({ open, code }: { readonly open: OpenDocument; readonly code: string }) {
  const known = Object.hasOwn(ERRORS, code)
    ? ERRORS[code as keyof typeof ERRORS].title
    : 'The server does not let you in.';
  const { pending } = open.status.value;
  return (
    <MessagePage title={code === 'document-deleted' ? 'This document was deleted' : 'This document cannot be opened'}>
      <p>{code === 'document-deleted' ? 'Somebody deleted it for everybody.' : known}</p>
      {pending > 0 && (
        <>
          <p>What you wrote last did not reach the server; it is still on this device.</p>
          <SaveAsFile open={open} />
        </>
      )}
      <a class="button primary" href="/" data-route>
        All documents
      </a>
    </MessagePage>
  );
}

function Outdated() {
  return (
    <MessagePage title="A newer editor is here">
      <p>
        The server was updated, and this page is too old to write in this document without damage. Reload it to go on.
      </p>
      <button
        type="button"
        class="button primary"
        onClick={() => {
          location.reload();
        }}
      >
        Reload
      </button>
    </MessagePage>
  );
}
