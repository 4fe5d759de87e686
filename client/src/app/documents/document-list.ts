import { batch, computed, signal } from '@preact/signals';
import type { DocumentView } from '@scriptorium/shared/rest-schemas';
import { countKeptChanges } from '../../sdk/offline-overview.ts';
import { RestError } from '../../sdk/rest-client.ts';
import { collabUrl } from '../collab-url.ts';
import { noteRefusedToken, rest, signedIn } from '../session.ts';
import { chooseNewName } from './document-names.ts';

/** What the list page shows. */
export type ListState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'ready'; readonly documents: readonly DocumentView[] };

/** Pages that are fetched before somebody asks for more. */
const PAGES = 10;
const PAGE_SIZE = 100;
/** How many names are tried for a new document. */
const NAME_ATTEMPTS = 5;

/** The documents of whoever is signed in, and what may be done with them. */
export type DocumentList = ReturnType<typeof createDocumentList>;

/** Makes an empty list; `load` fills it. */
export function createDocumentList() {
  const state = signal<ListState>({ kind: 'loading' });
  const filter = signal('');
  const nextCursor = signal<string | null>(null);
  /** Changes on this device that never reached the server, by document. */
  const kept = signal<ReadonlyMap<string, number>>(new Map());

  const shown = computed(() => {
    if (state.value.kind !== 'ready') return [];
    const wanted = filter.value.trim().toLowerCase();
    return state.value.documents
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  });

  const loadMore = async (pages: number): Promise<void> => {
    const documents = state.value.kind === 'ready' ? [...state.value.documents] : [];
    let cursor = nextCursor.value;
    for (let page = 0; page < pages; page += 1) {
      const answer = await rest.listDocuments({ limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) });
      documents.push(...answer.documents);
      cursor = answer.nextCursor;
      if (cursor === null) break;
    }
    batch(() => {
      nextCursor.value = cursor;
      state.value = { kind: 'ready', documents };
    });
  };

  const load = async (): Promise<void> => {
    kept.value = await readKept();
    try {
      nextCursor.value = null;
      await loadMore(PAGES);
    } catch (error) {
      const reason =
        error instanceof RestError ? error : new RestError({ code: 'internal', status: 0, title: String(error) });
      if (!noteRefusedToken(reason.code)) state.value = { kind: 'failed', reason: reason.message };
    }
  };

  const change = (edit: (documents: readonly DocumentView[]) => readonly DocumentView[]): void => {
    if (state.value.kind === 'ready') state.value = { kind: 'ready', documents: edit(state.value.documents) };
  };

  return {
    state,
    filter,
    shown,
    kept,
    hasMore: computed(() => nextCursor.value !== null),
    load,
    loadMore,
    /** Creates a document under a name of its own, and returns that. */
    async create(): Promise<string> {
      const taken = new Set(state.value.kind === 'ready' ? state.value.documents.map(({ name }) => name) : []);
      for (let attempt = 1; ; attempt += 1) {
        const name = chooseNewName(taken);
        try {
          return (await rest.createDocument(name)).name;
        } catch (error) {
          if (!(error instanceof RestError) || error.code !== 'document-exists' || attempt === NAME_ATTEMPTS)
            throw error;
          taken.add(name);
        }
      }
    },
    async rename(name: string, newName: string): Promise<void> {
      const renamed = await rest.renameDocument(name, newName);
      change((documents) => documents.map((document) => (document.name === name ? renamed : document)));
    },
    async remove(name: string): Promise<void> {
      await rest.deleteDocument(name);
      change((documents) => documents.filter((document) => document.name !== name));
    },
  };
}

async function readKept(): Promise<ReadonlyMap<string, number>> {
  const user = signedIn.value?.user.id;
  if (user === undefined) return new Map();
  try {
    return await countKeptChanges({ server: collabUrl(), user });
  } catch {
    return new Map();
  }
}
