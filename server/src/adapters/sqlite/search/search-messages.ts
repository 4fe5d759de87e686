import type { IndexedState, SearchEntry, SearchPage, SearchRequest } from '../../../ports/search-index.ts';
import type { DocumentId } from '../../../ports/update-log.ts';
import type { Protocol } from '../sqlite-messages.ts';

/** What can be asked of the search thread. It answers in the order of the requests. */
type SearchCommand =
  /** `generation` null: the one that is searched. */
  | { readonly kind: 'write'; readonly generation: number | null; readonly entries: readonly SearchEntry[] }
  | { readonly kind: 'remove'; readonly documentIds: readonly DocumentId[]; readonly thorough: boolean }
  | { readonly kind: 'read-indexed'; readonly documentIds: readonly DocumentId[] }
  | { readonly kind: 'search'; readonly request: SearchRequest }
  | { readonly kind: 'begin-rebuild' }
  | { readonly kind: 'finish-rebuild'; readonly generation: number }
  | { readonly kind: 'abandon-rebuild'; readonly generation: number }
  | { readonly kind: 'close' };

/** A document of the index and the state that it holds of it. */
export interface IndexedRow extends IndexedState {
  readonly documentId: DocumentId;
}

export interface SearchProtocol extends Protocol {
  readonly command: SearchCommand;
  readonly answers: {
    readonly write: null;
    readonly remove: null;
    readonly 'read-indexed': readonly IndexedRow[];
    readonly search: SearchPage;
    /** Number of the new generation. */
    readonly 'begin-rebuild': number;
    readonly 'finish-rebuild': null;
    readonly 'abandon-rebuild': null;
    readonly close: null;
  };
}
