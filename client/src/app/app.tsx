import { useEffect, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { DocumentsPage } from './documents/documents-page.tsx';
import { route } from './router.ts';
import { signedIn } from './session.ts';
import { SignInPage } from './sign-in/sign-in-page.tsx';
import { LiveRegion } from './ui/live-region.tsx';
import { MessagePage } from './ui/message-page.tsx';

/** The whole app. */
export function App() {
  return (
    <>
      <Page />
      <LiveRegion />
    </>
  );
}

function Page() {
  const session = signedIn.value;
  if (session === null) return <SignInPage />;
  const place = route.value;
  switch (place.kind) {
    case 'documents':
      return <DocumentsPage key={session.user.id} />;
    case 'document':
      // Another name or another person is another session.
      return <LazyEditorPage key={`${session.user.id} ${place.name}`} name={place.name} />;
    case 'nowhere':
      return (
        <MessagePage title="Nothing here">
          <p>There is no page at this address.</p>
          <a class="button" href="/" data-route>
            All documents
          </a>
        </MessagePage>
      );
  }
}

type EditorPage = ComponentType<{ readonly name: string }>;

let loaded: EditorPage | null = null;

/** Fetches the editor, which is most of the app. */
export async function loadEditorPage(): Promise<EditorPage> {
  const { EditorPage } = await import('./editor/editor-page.tsx');
  loaded = EditorPage;
  return EditorPage;
}

function LazyEditorPage({ name }: { readonly name: string }) {
  const [Component, setComponent] = useState<EditorPage | null>(() => loaded);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (Component !== null) return;
    loadEditorPage().then(
      (page) => {
        setComponent(() => page);
      },
      () => {
        setFailed(true);
      },
    );
  }, [Component]);
  if (Component !== null) return <Component name={name} />;
  if (!failed) return <div class="page-wait" aria-busy="true" />;
  return (
    <MessagePage title="The editor could not be loaded">
      <p>The server does not answer, or it was updated meanwhile.</p>
      <button
        class="button primary"
        type="button"
        onClick={() => {
          location.reload();
        }}
      >
        Reload
      </button>
    </MessagePage>
  );
}
