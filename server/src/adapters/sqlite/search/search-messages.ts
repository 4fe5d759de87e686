import type { SearchEntry, SearchPage, SearchRequest } from '../../../ports/search-index.ts';
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

export interface IndexedState {
  readonly documentId: DocumentId;
  readonly epoch: number;
  readonly seq: number;
}

export interface SearchProtocol extends Protocol {
  readonly command: SearchCommand;
  readonly answers: {
    readonly write: null;
    readonly remove: null;
    readonly 'read-indexed': readonly IndexedState[];
    readonly search: SearchPage;
    /** Number of the new generation. */
    readonly 'begin-rebuild': number;
    readonly 'finish-rebuild': null;
    readonly 'abandon-rebuild': null;
    readonly close: null;
  };
}
