import type { Tenant } from '@scriptorium/shared/document-name';
import { parseSearchQuery } from '@scriptorium/shared/search-query';
import type { SearchEntry, SearchRequest } from '../../src/ports/search-index.ts';
import { AT, name } from './store-under-test.ts';

let lastDocumentId = 0;

/** An entry with a title and a block for each text behind it; a text that begins with `# ` is the heading of those behind it. */
export function searchEntry(
  tenant: Tenant,
  [title, ...texts]: readonly [title: string, ...texts: string[]],
  more: Partial<SearchEntry> = {},
): SearchEntry {
  lastDocumentId += 1;
  let headings: readonly string[] = [];
  const blocks = texts.map((text, index) => {
    const block = { id: `b${index}`, headings, text: text.replace(/^# /, '') };
    if (text.startsWith('# ')) headings = [block.text];
    return block;
  });
  const id = more.documentId ?? lastDocumentId;
  return {
    documentId: id,
    tenant,
    name: name(`notes/${id}`),
    title,
    epoch: 1,
    seq: 1,
    createdAt: AT,
    updatedAt: AT,
    authors: ['ada'],
    tags: [],
    blocks,
    ...more,
  };
}

export function searchRequest(tenant: Tenant, text: string, more: Partial<SearchRequest> = {}): SearchRequest {
  return {
    tenant,
    query: parseSearchQuery(text),
    names: null,
    exceptNames: [],
    filter: { authors: [], tags: [], updatedFrom: null, updatedBefore: null },
    sort: 'relevance',
    offset: 0,
    limit: 10,
    ...more,
  };
}
