import type { DocumentName } from '@scriptorium/shared/document-name';
import type { IndexedState, SearchBlock, SearchEntry } from '../../ports/search-index.ts';

/** Raised when what an entry holds, or how it is made, changes; entries of another format are written anew. */
const ENTRY_FORMAT = 1;

/** A document as Meilisearch keeps it. */
export interface IndexDocument {
  readonly id: number;
  readonly format: number;
  readonly tenant: string;
  readonly name: string;
  /** Every beginning of the name, so that a prefix is a plain filter. */
  readonly prefixes: readonly string[];
  readonly title: string;
  readonly epoch: number;
  readonly seq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly authors: readonly string[];
  readonly tags: readonly string[];
  readonly headings: readonly string[];
  readonly blocks: readonly SearchBlock[];
}

export function toIndexDocument({ documentId, ...entry }: SearchEntry): IndexDocument {
  return {
    id: documentId,
    format: ENTRY_FORMAT,
    ...entry,
    prefixes: Array.from({ length: entry.name.length + 1 }, (_, length) => entry.name.slice(0, length)),
    headings: [...new Set(entry.blocks.flatMap((block) => block.headings))],
  };
}

/** How far an entry holds its document: of another format, which an older or newer node has written, not at all. */
export function toIndexedState({ format, epoch, seq, name }: IndexDocument): IndexedState {
  const isCurrent = format === ENTRY_FORMAT;
  // A name was parsed before it was indexed.
  return { epoch: isCurrent ? epoch : 0, seq: isCurrent ? seq : 0, name: name as DocumentName };
}

/** How the index has to be set up; sent at each start, which costs Meilisearch nothing where it is so already. */
export const INDEX_SETTINGS = {
  // In the order of what a match in them counts.
  searchableAttributes: ['title', 'name', 'headings', 'blocks.text'],
  filterableAttributes: ['id', 'tenant', 'name', 'prefixes', 'authors', 'tags', 'updatedAt'],
  sortableAttributes: ['updatedAt', 'name'],
  typoTolerance: { enabled: true, minWordSizeForTypos: { oneTypo: 4, twoTypos: 8 }, disableOnNumbers: true },
  pagination: { maxTotalHits: 10_000 },
};
