import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { DocumentsPage } from './documents/documents-page.tsx';
import { route } from './router.ts';
import { PaletteHost } from './search/palette-host.tsx';
import { signedIn } from './session.ts';
import { SignInPage } from './sign-in/sign-in-page.tsx';
import { announce, LiveRegion } from './ui/live-region.tsx';
import { MessagePage } from './ui/message-page.tsx';

/** Milliseconds after which a new page is taken to stand. */
const SETTLE = 150;

/** The whole app. */
export function App() {
  useArrival();
  return (
    <>
      <Page />
      <PaletteHost />
      <LiveRegion />
    </>
  );
}

/** A new page of the app is told and entered, as the browser does it for pages of its own. */
function useArrival(): void {
  const place = `${signedIn.value?.user.id ?? ''} ${JSON.stringify(route.value)}`;
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return undefined;
    before.current = place;
    // The page sets its title, and may take the focus for a field.
    const timer = setTimeout(() => {
      announce(document.title);
      const main = document.querySelector('main');
      if (main === null || document.activeElement !== document.body) return;
      main.tabIndex = -1;
      main.focus({ preventScroll: true });
    }, SETTLE);
    return () => {
      clearTimeout(timer);
    };
  }, [place]);
}

function Page() {
  const session = signedIn.value;
  const place = route.value;
  if (session === null && place.kind !== 'nowhere') return <SignInPage />;
  const user = session?.user.id ?? '';
  switch (place.kind) {
    case 'documents':
      return <DocumentsPage key={user} />;
    case 'document':
      // Another name or another person is another session.
      return <LazyEditorPage key={`${user} ${place.name}`} name={place.name} />;
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
  if (!failed) {
    return (
      <main class="page-wait" aria-busy="true">
        <p role="status">Opening…</p>
      </main>
    );
  }
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
