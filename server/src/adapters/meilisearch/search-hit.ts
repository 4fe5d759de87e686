import type { DocumentName } from '@scriptorium/shared/document-name';
import { cutSnippet, findRanges, type Sought } from '@scriptorium/shared/search-highlight';
import { splitWords } from '@scriptorium/shared/search-words';
import type { SearchHit, SearchRequest } from '../../ports/search-index.ts';
import type { IndexDocument } from './index-document.ts';

/** Where Meilisearch found something: an attribute's matches, in bytes of its UTF-8. */
export type MatchesPosition = Readonly<
  Record<
    string,
    readonly { readonly start: number; readonly length: number; readonly indices?: readonly number[] | null }[]
  >
>;

/** Blocks shown of one document. */
const BLOCKS_PER_HIT = 3;

/**
 * A hit with what was found in it. Meilisearch tells where it found what it takes for the query, mistyped words
 * included; the words that stand there are looked for in all blocks, so that both engines show the same.
 */
export function toHit(found: IndexDocument, positions: MatchesPosition, { query }: SearchRequest): SearchHit {
  const sought: Sought = { terms: query.terms, variants: readVariants(found, positions) };
  const blocks = found.blocks
    .map((block) => ({ block, ranges: findRanges(block.text, sought) }))
    .filter(({ ranges }) => ranges.length > 0)
    .toSorted((one, other) => other.ranges.length - one.ranges.length)
    .slice(0, BLOCKS_PER_HIT);
  return {
    documentId: found.id,
    // It was parsed before it was indexed.
    name: found.name as DocumentName,
    title: found.title,
    epoch: found.epoch,
    seq: found.seq,
    updatedAt: found.updatedAt,
    titleSnippet: cutSnippet(found.title, findRanges(found.title, sought)),
    blocks: blocks.map(({ block, ranges }) => ({
      id: block.id,
      headings: block.headings,
      snippet: cutSnippet(block.text, ranges),
    })),
  };
}

function readVariants(found: IndexDocument, positions: MatchesPosition): ReadonlySet<string> {
  const variants = new Set<string>();
  for (const [attribute, matches] of Object.entries(positions)) {
    for (const { start, length, indices } of matches) {
      const text = textOf(found, attribute, indices?.[0] ?? 0);
      const bytes = Buffer.from(text, 'utf8').subarray(start, start + length);
      for (const { word } of splitWords(bytes.toString('utf8'))) variants.add(word);
    }
  }
  return variants;
}

function textOf(found: IndexDocument, attribute: string, index: number): string {
  switch (attribute) {
    case 'title':
      return found.title;
    case 'name':
      return found.name;
    case 'headings':
      return found.headings[index] ?? '';
    case 'blocks.text':
      return found.blocks[index]?.text ?? '';
    default:
      return '';
  }
}
