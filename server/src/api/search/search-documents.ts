import type { SearchBody, SearchHitView, SearchPageView } from '@scriptorium/shared/search-schemas';
import type { Snippet } from '@scriptorium/shared/search-highlight';
import { parseSearchQuery } from '@scriptorium/shared/search-query';
import type { Access } from '../../access/access.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import { HTTP_LIMITS } from '../../core/limits-http.ts';
import { decide, type Rights } from '../../core/permissions.ts';
import { boundSearch, narrowBounds } from '../../core/search-bounds.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { DocumentDirectory } from '../../ports/document-directory.ts';
import type { SearchHit, SearchIndex, SearchRequest } from '../../ports/search-index.ts';
import type { Caller } from '../authenticate.ts';
import { formatSearchCursor, parseSearchCursor } from './search-cursor.ts';
import { suggestQueries } from './suggest-queries.ts';

export interface SearchDeps {
  readonly index: Pick<SearchIndex, 'search'>;
  readonly directory: Pick<DocumentDirectory, 'readLive'>;
  readonly access: Pick<Access, 'standingOf'>;
  /** Takes note of every change of grants and keys that was committed before the call, on whatever node. */
  readonly freshen: () => Promise<void>;
  /** Tells the index that it is searched, and lets go in what it left for later. Never throws. */
  readonly wake: () => Promise<void>;
}

/** A hit, and its document as the catalog knows it now. */
interface Candidate {
  readonly hit: SearchHit;
  readonly record: DocumentRecord;
}

/**
 * Finds what the caller may read at this moment. The index is asked for more than a page needs, until enough of it may
 * be shown: whether it may is decided for each hit by the name that the catalog has for it and by the rights of after the
 * engine's answer. There is nothing in the result that was not made of hits that may be shown.
 */
export async function searchDocuments(deps: SearchDeps, caller: Caller, body: SearchBody): Promise<SearchPageView> {
  const shown = parseSearchCursor(body, body.cursor);
  await deps.wake();
  const found = await collect(deps, { caller, body, wanted: shown + body.limit + 1 });
  const page = found.slice(shown, shown + body.limit);
  const next = shown + page.length;
  const hasMore = found.length > next && next < HTTP_LIMITS.searchDepth;
  return {
    hits: page.map(toHitView),
    suggestions: [
      ...suggestQueries(
        body.q,
        found.map(({ hit }) => hit),
      ),
    ],
    nextCursor: hasMore ? formatSearchCursor(body, next) : null,
  };
}

async function collect(
  deps: SearchDeps,
  search: { readonly caller: Caller; readonly body: SearchBody; readonly wanted: number },
): Promise<readonly Candidate[]> {
  const { body, wanted } = search;
  // What was just granted is looked for too, and what was just taken away is not.
  const caller = { ...search.caller, rights: await readRights(deps, search.caller) };
  const request = toRequest(caller, body);
  const seen = new Set<number>();
  let found: readonly Candidate[] = [];
  let offset: number | null = 0;
  for (let round = 0; offset !== null && round < HTTP_LIMITS.searchRounds; round += 1) {
    const limit = Math.min(HTTP_LIMITS.searchPage, Math.max(wanted - found.length, 1) + round * wanted);
    const page: Awaited<ReturnType<SearchIndex['search']>> = await deps.index.search({ ...request, offset, limit });
    // What moves up while pages are read comes twice.
    const fresh = page.hits.filter(({ documentId }) => !seen.has(documentId));
    for (const { documentId } of fresh) seen.add(documentId);
    const records = await deps.directory.readLive(fresh.map(({ documentId }) => documentId));
    const byId = new Map(records.map((record) => [record.id, record]));
    const candidates = fresh.flatMap((hit) => toCandidate(hit, byId.get(hit.documentId), caller));
    const rights = await readRights(deps, caller);
    found = [...found, ...candidates].filter(({ record }) => decide(rights, record.name, 'read').kind === 'allowed');
    if (found.length >= wanted) break;
    offset = page.nextOffset;
  }
  return found;
}

/** Of another tenant nothing comes out of the index; this is the second lock on that door. */
function toCandidate(hit: SearchHit, record: DocumentRecord | undefined, caller: Caller): readonly Candidate[] {
  return record === undefined || record.tenant !== caller.identity.tenant ? [] : [{ hit, record }];
}

async function readRights({ access, freshen }: SearchDeps, { identity }: Caller): Promise<Rights> {
  await freshen();
  const { rights } = await access.standingOf(identity);
  if (rights === null) throw new ScriptoriumError('unauthenticated', 'this access was taken away');
  return rights;
}

function toRequest(
  { identity, rights }: Caller,
  { q, filter = {}, sort }: SearchBody,
): Omit<SearchRequest, 'offset' | 'limit'> {
  const bounds = boundSearch(rights);
  const { names, exceptNames } = filter.names === undefined ? bounds : narrowBounds(bounds, filter.names);
  const { authors = [], tags = [], updatedFrom, updatedBefore } = filter;
  return {
    tenant: identity.tenant,
    query: parseSearchQuery(q),
    names,
    exceptNames,
    filter: {
      authors,
      tags: tags.map((tag) => tag.replace(/^#/, '').toLowerCase()),
      updatedFrom: updatedFrom === undefined ? null : Date.parse(updatedFrom),
      updatedBefore: updatedBefore === undefined ? null : Date.parse(updatedBefore),
    },
    sort,
  };
}

function toHitView({ hit, record }: Candidate): SearchHitView {
  // Its old name may be nobody's business any more.
  const isOldName = hit.title === hit.name && hit.name !== record.name;
  return {
    name: record.name,
    title: isOldName
      ? { text: record.name, ranges: [], cutStart: false, cutEnd: false }
      : toSnippetView(hit.titleSnippet),
    epoch: hit.epoch,
    seq: hit.seq,
    updatedAt: new Date(record.updatedAt).toISOString(),
    blocks: hit.blocks.map(({ id, headings, snippet }) => ({
      id,
      headings: [...headings],
      snippet: toSnippetView(snippet),
    })),
  };
}

function toSnippetView({ text, ranges, cutStart, cutEnd }: Snippet): SearchHitView['title'] {
  return { text, ranges: ranges.map(({ start, end }) => ({ start, end })), cutStart, cutEnd };
}
