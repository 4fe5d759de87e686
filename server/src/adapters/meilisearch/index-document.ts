import type { SearchBlock, SearchEntry } from '../../ports/search-index.ts';

/** A document as Meilisearch keeps it. */
export interface IndexDocument {
  readonly id: number;
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
    ...entry,
    prefixes: Array.from({ length: entry.name.length + 1 }, (_, length) => entry.name.slice(0, length)),
    headings: [...new Set(entry.blocks.flatMap((block) => block.headings))],
  };
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
