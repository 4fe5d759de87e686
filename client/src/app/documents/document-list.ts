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

/** The documents of whoever is signed in, and what may be done with them. `load` fills it. */
export class DocumentList {
  readonly state = signal<ListState>({ kind: 'loading' });
  readonly filter = signal('');
  /** Changes on this device that never reached the server, by document. */
  readonly kept = signal<ReadonlyMap<string, number>>(new Map());
  readonly #nextCursor = signal<string | null>(null);
  readonly hasMore = computed(() => this.#nextCursor.value !== null);
  /** What passes the filter, the last changed first. */
  readonly shown = computed(() => {
    const wanted = this.filter.value.trim().toLowerCase();
    return this.#documents
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  });

  get #documents(): readonly DocumentView[] {
    return this.state.value.kind === 'ready' ? this.state.value.documents : [];
  }

  /** Fetches the list anew. */
  async load(): Promise<void> {
    this.kept.value = await readKept();
    try {
      await this.#fetch([], null, PAGES);
    } catch (error) {
      const code = error instanceof RestError ? error.code : 'internal';
      // A list that was read before is better than none.
      if (noteRefusedToken(code) || this.state.value.kind === 'ready') return;
      this.state.value = { kind: 'failed', reason: error instanceof Error ? error.message : 'That did not work.' };
    }
  }

  /** Fetches another page. */
  async loadMore(): Promise<void> {
    await this.#fetch(this.#documents, this.#nextCursor.value, 1);
  }

  async #fetch(before: readonly DocumentView[], from: string | null, pages: number): Promise<void> {
    const documents = [...before];
    let cursor = from;
    for (let page = 0; page < pages; page += 1) {
      const answer = await rest.listDocuments({ limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) });
      documents.push(...answer.documents);
      cursor = answer.nextCursor;
      if (cursor === null) break;
    }
    batch(() => {
      this.#nextCursor.value = cursor;
      this.state.value = { kind: 'ready', documents };
    });
  }

  /** Creates a document under a name of its own, and returns that. */
  async create(): Promise<string> {
    const taken = new Set(this.#documents.map(({ name }) => name));
    for (let attempt = 1; ; attempt += 1) {
      const name = chooseNewName(taken);
      try {
        return (await rest.createDocument(name)).name;
      } catch (error) {
        if (!(error instanceof RestError) || error.code !== 'document-exists' || attempt === NAME_ATTEMPTS) throw error;
        taken.add(name);
      }
    }
  }

  async rename(name: string, newName: string): Promise<void> {
    const renamed = await rest.renameDocument(name, newName);
    this.#change((documents) => documents.map((document) => (document.name === name ? renamed : document)));
  }

  async remove(name: string): Promise<void> {
    await rest.deleteDocument(name);
    this.#change((documents) => documents.filter((document) => document.name !== name));
  }

  #change(edit: (documents: readonly DocumentView[]) => readonly DocumentView[]): void {
    if (this.state.value.kind === 'ready') this.state.value = { kind: 'ready', documents: edit(this.#documents) };
  }
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
