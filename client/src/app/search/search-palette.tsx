import type { SnippetView } from '@scriptorium/shared/search-schemas';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { documentPath } from '../app-path.ts';
import { navigate } from '../router.ts';
import { noteRefusedToken, rest } from '../session.ts';
import { Icon } from '../ui/icon.tsx';
import { announce } from '../ui/live-region.tsx';
import { jumpTarget } from './jump-target.ts';
import { cutPieces, stepOption, toPaletteGroups, type PaletteGroup, type PaletteOption } from './palette-options.ts';
import { PaletteSearch } from './palette-search.ts';
import '../styles/palette.css';

const LIST_ID = 'search-found';

/** Searches all documents as one types, and leads to the block that is chosen. */
export function SearchPalette({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const before = useRef(document.activeElement);
  const search = useMemo(() => new PaletteSearch(rest), []);
  const state = search.state.value;
  const groups = useMemo(() => (state.kind === 'found' ? toPaletteGroups(state.hits) : []), [state]);
  const options = groups.flatMap((group) => group.options);
  const [chosen, setChosen] = useState<string | null>(null);
  const current = options.find(({ id }) => id === chosen) ?? options[0] ?? null;
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      search.stop();
      shown?.close();
      // Whoever chose nothing goes on where they were.
      if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
    };
  }, [search]);
  useNews(search);
  const open = (option: PaletteOption): void => {
    jumpTarget.value = option.target;
    onClose();
    navigate(documentPath(option.target.document));
  };
  const step = (by: 1 | -1): void => {
    const next = stepOption(options, current?.id ?? null, by);
    setChosen(next);
    if (next !== null) document.getElementById(next)?.scrollIntoView({ block: 'nearest' });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') step(event.key === 'ArrowDown' ? 1 : -1);
    else if (event.key === 'Enter' && event.target instanceof HTMLInputElement && current !== null) open(current);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="dialog palette"
      aria-label="Search all documents"
      data-testid="search-palette"
      onCancel={onClose}
      onKeyDown={onKey}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <Field search={search} current={current?.id ?? null} onType={() => setChosen(null)} onClose={onClose} />
      <Suggestions search={search} />
      <div class="palette-body" aria-busy={search.busy.value}>
        <Found search={search} groups={groups} current={current?.id ?? null} onOpen={open} />
      </div>
      <p class="palette-foot" aria-hidden="true">
        <kbd>↑</kbd> <kbd>↓</kbd> to choose <kbd>Enter</kbd> to open <kbd>Esc</kbd> to close
      </p>
    </dialog>
  );
}

interface FieldProps {
  readonly search: PaletteSearch;
  readonly current: string | null;
  readonly onType: () => void;
  readonly onClose: () => void;
}

function Field({ search, current, onType, onClose }: FieldProps) {
  return (
    <div class="palette-field">
      <Icon name="search" />
      <input
        type="text"
        role="combobox"
        autoFocus
        autoComplete="off"
        autoCorrect="off"
        spellcheck={false}
        enterKeyHint="go"
        maxLength={500}
        placeholder="Search all documents"
        aria-label="Search all documents"
        aria-expanded={current !== null}
        aria-controls={LIST_ID}
        aria-autocomplete="list"
        aria-activedescendant={current ?? undefined}
        data-testid="search-query"
        value={search.query.value}
        onInput={(event) => {
          onType();
          search.type(event.currentTarget.value);
        }}
      />
      {search.busy.value && <span class="palette-busy" aria-hidden="true" />}
      <button type="button" class="icon-button" aria-label="Close the search" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Suggestions({ search }: { readonly search: PaletteSearch }) {
  const state = search.state.value;
  if (state.kind !== 'found' || state.suggestions.length === 0) return null;
  return (
    <div class="palette-suggestions" role="group" aria-label="Suggestions">
      {state.suggestions.map((text) => (
        <button
          key={text}
          type="button"
          class="button small"
          onClick={() => {
            search.type(`${text} `);
            document.querySelector<HTMLInputElement>('.palette-field input')?.focus();
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

interface FoundProps {
  readonly search: PaletteSearch;
  readonly groups: readonly PaletteGroup[];
  readonly current: string | null;
  readonly onOpen: (option: PaletteOption) => void;
}

function Found({ search, groups, current, onOpen }: FoundProps) {
  const state = search.state.value;
  if (state.kind === 'loading') return <Skeleton />;
  if (state.kind === 'failed') return <Failed search={search} code={state.code} reason={state.reason} />;
  if (groups.length === 0) return <Nothing query={state.query} />;
  return (
    <>
      {state.query.trim() === '' && <p class="palette-heading">Changed last</p>}
      <ul id={LIST_ID} role="listbox" aria-label="What was found">
        {groups.map((group) => (
          <Group key={group.name} group={group} current={current} onOpen={onOpen} />
        ))}
      </ul>
      {state.nextCursor !== null && (
        <button type="button" class="button wide" onClick={() => void search.showMore()}>
          Show more
        </button>
      )}
    </>
  );
}

function Group({ group, current, onOpen }: { readonly group: PaletteGroup } & Pick<FoundProps, 'current' | 'onOpen'>) {
  const { name, title, options } = group;
  const [only] = options;
  if (only !== undefined && only.snippet === null) {
    return (
      <li
        id={only.id}
        role="option"
        class="palette-option palette-title"
        aria-selected={only.id === current}
        data-testid="search-hit"
        onClick={() => {
          onOpen(only);
        }}
      >
        <Icon name="document" />
        <Marked snippet={title} />
        {title.text !== name && <span class="palette-name">{name}</span>}
      </li>
    );
  }
  return (
    <li role="group" aria-label={title.text} class="palette-group">
      <p class="palette-title" aria-hidden="true">
        <Icon name="document" />
        <Marked snippet={title} />
        {title.text !== name && <span class="palette-name">{name}</span>}
      </p>
      <ul role="presentation">
        {options.map((option) => (
          <li
            key={option.id}
            id={option.id}
            role="option"
            class="palette-option"
            aria-selected={option.id === current}
            data-testid="search-hit"
            onClick={() => {
              onOpen(option);
            }}
          >
            {option.path !== '' && <span class="palette-path">{option.path}</span>}
            {option.snippet !== null && <Marked snippet={option.snippet} />}
          </li>
        ))}
      </ul>
    </li>
  );
}

function Marked({ snippet }: { readonly snippet: SnippetView }) {
  return (
    <span class="palette-text" dir="auto">
      {snippet.cutStart && '… '}
      {cutPieces(snippet).map(({ text, marked }, at) => (marked ? <mark key={at}>{text}</mark> : text))}
      {snippet.cutEnd && ' …'}
    </span>
  );
}

function Nothing({ query }: { readonly query: string }) {
  if (query.trim() === '') return <p class="palette-message">Nothing is written yet.</p>;
  return (
    <div class="palette-message" data-testid="search-nothing">
      <p>
        Nothing found for <strong>“{query.trim()}”</strong>.
      </p>
      <p class="hint">Fewer words find more. “Quotes” keep words together, and -word leaves a word out.</p>
    </div>
  );
}

function Failed({
  search,
  code,
  reason,
}: {
  readonly search: PaletteSearch;
  readonly code: string;
  readonly reason: string;
}) {
  useEffect(() => {
    noteRefusedToken(code);
  }, [code]);
  return (
    <div class="palette-message" role="alert" data-testid="search-failed">
      <p>
        <strong>{code === 'search-unavailable' ? 'Search does not answer just now' : reason}</strong>
      </p>
      <p class="hint">Documents can be opened and written as always.</p>
      <button
        type="button"
        class="button"
        disabled={search.busy.value}
        onClick={() => {
          search.retry();
        }}
      >
        Try again
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="palette-skeleton" role="status" aria-label="Searching">
      {[58, 84, 71].map((width) => (
        <span key={width} class="bone" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** How much was found is read out once somebody pauses. */
function useNews(search: PaletteSearch): void {
  const state = search.state.value;
  useEffect(() => {
    if (state.kind !== 'found' || state.query.trim() === '') return undefined;
    const { length } = state.hits;
    const more = state.nextCursor === null ? '' : ' or more';
    const news = length === 0 ? 'Nothing found.' : `${length}${more} ${length === 1 ? 'document' : 'documents'} found.`;
    const timer = setTimeout(() => {
      announce(news);
    }, 700);
    return () => {
      clearTimeout(timer);
    };
  }, [state]);
}
