import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Snippet } from '@scriptorium/shared/search-highlight';
import type { SearchQuery } from '@scriptorium/shared/search-query';
import type { DocumentId } from './update-log.ts';

/** A block of a document, as it is searched and found. */
export interface SearchBlock {
  /** Address of the block within its document, for jumping there. */
  readonly id: string;
  /** The headings above it, the outermost first. */
  readonly headings: readonly string[];
  readonly text: string;
}

/** What the index holds of one document. Times are wall-clock milliseconds. */
export interface SearchEntry {
  readonly documentId: DocumentId;
  readonly tenant: Tenant;
  readonly name: DocumentName;
  /** Found like the name, whose words count as much. */
  readonly title: string;
  /** The state that was rendered. */
  readonly epoch: number;
  readonly seq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Users who wrote in it. */
  readonly authors: readonly string[];
  readonly tags: readonly string[];
  readonly blocks: readonly SearchBlock[];
}

/** Which state of a document an index holds, under which name. */
export type IndexedState = Pick<SearchEntry, 'epoch' | 'seq' | 'name'>;

export interface SearchFilter {
  /** Users, of whom at least one wrote in the document. */
  readonly authors: readonly string[];
  /** Tags that it all has. */
  readonly tags: readonly string[];
  /** Last change, from the first to before the second. */
  readonly updatedFrom: number | null;
  readonly updatedBefore: number | null;
}

export interface SearchRequest {
  readonly tenant: Tenant;
  readonly query: SearchQuery;
  /**
   * Names, and prefixes with a `*` behind them, outside of which nothing is found; `null`: any name. It bounds the
   * work; whether the asker may read a hit is decided anew for each, by the caller.
   */
  readonly names: readonly string[] | null;
  /** Names, and prefixes with a `*` behind them, of which nothing is found. */
  readonly exceptNames: readonly string[];
  readonly filter: SearchFilter;
  readonly sort: 'relevance' | 'updated' | 'name';
  readonly offset: number;
  readonly limit: number;
}

export interface SearchHit {
  readonly documentId: DocumentId;
  readonly name: DocumentName;
  readonly title: string;
  readonly epoch: number;
  readonly seq: number;
  readonly updatedAt: number;
  /** The blocks in which most was found, the best first; none when only the title has it. */
  readonly blocks: readonly { readonly id: string; readonly headings: readonly string[]; readonly snippet: Snippet }[];
  readonly titleSnippet: Snippet;
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Offset of the first hit behind these; `null` at the end. */
  readonly nextOffset: number | null;
}

/** A fresh index that is filled beside the one in use. */
export interface IndexRebuild {
  write(entries: readonly SearchEntry[]): Promise<void>;
  /** Puts it in the place of the one in use, at once and whole. */
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/**
 * A view of the documents that can be thrown away and made again from the log.
 *
 *  - `write` replaces all that the index holds of each document, unless that is a later state: a write that comes
 *    late or twice does no harm.
 *  - What was written is found once `write` has returned.
 *  - A search finds documents of one tenant only.
 *
 * Throws `ScriptoriumError('search-unavailable')` when the engine does not answer.
 */
export interface SearchIndex {
  write(entries: readonly SearchEntry[]): Promise<void>;
  /** Forgets documents. */
  remove(documentIds: readonly DocumentId[]): Promise<void>;
  /** Forgets documents so that no byte of them stays in the index's files; slow. */
  erase(documentIds: readonly DocumentId[]): Promise<void>;
  /** The state of each document that the index holds, and its name then; one that it does not hold is left out. */
  readIndexed(documentIds: readonly DocumentId[]): Promise<ReadonlyMap<DocumentId, IndexedState>>;
  search(request: SearchRequest): Promise<SearchPage>;
  beginRebuild(): Promise<IndexRebuild>;
  close(): Promise<void>;
}
