import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { documentPath } from '../app-path.ts';
import { navigate } from '../router.ts';
import { SearchButton } from '../search/palette-host.tsx';
import { AccountMenu } from '../ui/account-menu.tsx';
import { Brand } from '../ui/brand.tsx';
import { Icon } from '../ui/icon.tsx';
import { DocumentList } from './document-list.ts';
import { DocumentRow } from './document-row.tsx';

/** All documents of whoever is signed in. */
export function DocumentsPage() {
  const list = useMemo(() => new DocumentList(), []);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    document.title = 'Documents · Scriptorium';
    void list.load();
    const refresh = (): void => {
      if (document.visibilityState === 'visible') void list.load();
    };
    document.addEventListener('visibilitychange', refresh);
    return () => {
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [list]);
  const create = async (): Promise<void> => {
    try {
      navigate(documentPath(await list.create()));
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : 'The document could not be created.');
    }
  };
  const state = list.state.value;
  const hasSome = state.kind === 'ready' && state.documents.length > 0;
  return (
    <div class="documents">
      <header class="documents-header">
        <Brand />
        <div class="documents-tools">
          <SearchButton />
          <AccountMenu />
        </div>
      </header>
      <main>
        <div class="documents-bar">
          <h1>Documents</h1>
          {hasSome && <FilterField list={list} />}
          <button type="button" class="button primary" data-testid="new-document" onClick={() => void create()}>
            <Icon name="plus" />
            New document
          </button>
        </div>
        {error !== null && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        <div data-testid="document-list" aria-busy={state.kind === 'loading'}>
          <ListBody list={list} onCreate={() => void create()} />
        </div>
      </main>
    </div>
  );
}

function FilterField({ list }: { readonly list: DocumentList }) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focusOnSlash = (event: KeyboardEvent): void => {
      const busy = event.target instanceof HTMLElement && event.target.closest('input, dialog, [popover]') !== null;
      if (event.key !== '/' || busy || event.isComposing) return;
      event.preventDefault();
      ref.current?.focus();
    };
    addEventListener('keydown', focusOnSlash);
    return () => {
      removeEventListener('keydown', focusOnSlash);
    };
  }, []);
  return (
    <label class="filter">
      <Icon name="search" />
      <span class="visually-hidden">Search in the list</span>
      <input
        ref={ref}
        type="search"
        class="field"
        placeholder="Search"
        data-testid="document-filter"
        value={list.filter.value}
        onInput={(event) => {
          list.filter.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

function ListBody({ list, onCreate }: { readonly list: DocumentList; readonly onCreate: () => void }) {
  const state = list.state.value;
  if (state.kind === 'loading') return <Skeleton />;
  if (state.kind === 'failed') {
    return (
      <div class="empty" role="alert">
        <h2>The list could not be loaded</h2>
        <p>{state.reason} Nothing was changed by that.</p>
        <button type="button" class="button" onClick={() => void list.load()}>
          Try again
        </button>
      </div>
    );
  }
  if (state.documents.length === 0) return <Empty onCreate={onCreate} />;
  const shown = list.shown.value;
  if (shown.length === 0) return <p class="empty-search">No document’s name contains “{list.filter.value.trim()}”.</p>;
  return (
    <>
      <ul class="document-list">
        {shown.map((record) => (
          <DocumentRow key={`${record.name} ${record.epoch}`} record={record} list={list} />
        ))}
      </ul>
      {list.hasMore.value && (
        <button type="button" class="button wide" onClick={() => void list.loadMore()}>
          Show more
        </button>
      )}
    </>
  );
}

function Empty({ onCreate }: { readonly onCreate: () => void }) {
  return (
    <div class="empty">
      <svg class="empty-drawing" viewBox="0 0 120 90" aria-hidden="true">
        <rect x="30" y="14" width="54" height="68" rx="5" />
        <path d="M40 30h34M40 40h34M40 50h22" />
        <path class="empty-quill" d="M106 8C88 10 74 20 69 37l-6 24M106 8c1 16-7 28-22 31l-15-2" />
      </svg>
      <h2>Nothing written yet</h2>
      <p>Make a document, then send somebody its address: you will see each other’s cursors.</p>
      <button type="button" class="button primary" onClick={onCreate}>
        Write the first one
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <ul class="document-list skeleton" aria-label="Loading">
      {[68, 44, 56].map((width) => (
        <li key={width} class="document-row">
          <span class="bone" style={{ width: `${width}%` }} />
        </li>
      ))}
    </ul>
  );
}
