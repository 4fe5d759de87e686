import type { Database, Statement } from 'better-sqlite3';
import type { DocumentName } from '@scriptorium/shared/document-name';
import { cutSnippet, findRanges, type Sought } from '@scriptorium/shared/search-highlight';
import { allowedTypos, deletionsOf, isWithinTypos, type Term } from '@scriptorium/shared/search-query';
import type { SearchBlock, SearchHit, SearchPage, SearchRequest } from '../../../ports/search-index.ts';
import { scopeWord, toMatchExpression } from './match-expression.ts';
import type { DocumentId } from '../../../ports/update-log.ts';
import { filterOf, orderOf } from './search-conditions.ts';
import { type GenerationTables, tablesOf } from './search-schema.ts';

/** Blocks shown of one document. */
const BLOCKS_PER_HIT = 3;
/** Words that may stand for one mistyped word. */
const VARIANTS_MAX = 8;
/** Words looked at for it. */
const CANDIDATES_MAX = 200;

interface HitRow {
  readonly document_id: number;
  readonly name: string;
  readonly title: string;
  readonly epoch: number;
  readonly seq: number;
  readonly updated_at: number;
  readonly blocks: string;
}

/** Answers searches on one generation of the index. */
export class SearchReader {
  readonly #database: Database;
  readonly #tables: GenerationTables;
  readonly #byTrigrams: Statement<[string, number], { term: string }>;
  readonly #byDeletions: Statement<[string, number], { term: string }>;
  readonly #hit: Statement<[number], HitRow>;
  readonly #isHeld: Statement<[string], { found: number }>;

  constructor(database: Database, generation: number) {
    this.#database = database;
    this.#tables = tablesOf(generation);
    const { entries, bodies, terms, trigrams, deletions, words } = this.#tables;
    this.#hit = database.prepare(
      `select document_id, name, title, epoch, seq, updated_at, blocks
       from ${entries} join ${bodies} using (document_id) where document_id = ?`,
    );
    this.#byDeletions = database.prepare(
      `select distinct term from ${terms} where id in
         (select term from ${deletions} where deletion in (select value from json_each(?)) limit ?)`,
    );
    this.#byTrigrams = database.prepare(
      `select term from ${terms} where id in (select rowid from ${trigrams} where ${trigrams} match ? order by rank limit ?)`,
    );
    this.#isHeld = database.prepare(`select 1 as found from ${words} where ${words} match ? limit 1`);
  }

  /** Finds what the query says; where that finds too little for a page, also what it may have meant. */
  search(request: SearchRequest): SearchPage {
    const exact = this.#select(request, toMatchExpression(request.query, request.tenant));
    const isShort = exact.length <= request.offset + request.limit && request.query.terms.length > 0;
    const variants = isShort ? this.#findVariants(request) : new Map<number, readonly string[]>();
    const found = variants.size === 0 ? exact : this.#addMeant(request, { exact, variants });
    const page = found.slice(request.offset, request.offset + request.limit);
    const sought = { terms: request.query.terms, variants: new Set([...variants.values()].flat()) };
    return {
      hits: page.flatMap((id) => this.#readHit(id, sought)),
      nextOffset: found.length > request.offset + request.limit ? request.offset + request.limit : null,
    };
  }

  /** What is found as it was typed comes first; a page behind it is counted over both. */
  #addMeant(
    request: SearchRequest,
    found: { readonly exact: readonly DocumentId[]; readonly variants: ReadonlyMap<number, readonly string[]> },
  ): readonly DocumentId[] {
    const meant = this.#select(request, toMatchExpression(request.query, request.tenant, found.variants));
    return [...new Set([...found.exact, ...meant])];
  }

  /** Documents in their order; one more than the page needs tells whether there is a next one. */
  #select(request: SearchRequest, match: string | null): readonly DocumentId[] {
    const { entries, words } = this.#tables;
    const most = request.offset + request.limit + 1;
    const filter = filterOf(request);
    if (match !== null && request.sort === 'relevance' && filter.parameters.length === 0 && filter.sql === '') {
      // Without a second table FTS5 sorts by itself, in half the time.
      return this.#readIds(`select rowid as id from ${words} where ${words} match ? order by rank limit ?`, [
        match,
        most,
      ]);
    }
    const joined = `${words} join ${entries} e on e.document_id = ${words}.rowid where ${words} match ? and`;
    const source = match === null ? `${entries} e where` : joined;
    const order = orderOf(request.sort, match === null ? null : 'rank');
    return this.#readIds(
      `select e.document_id as id from ${source} e.tenant = ? ${filter.sql} order by ${order} limit ?`,
      [...(match === null ? [] : [match]), request.tenant, ...filter.parameters, most],
    );
  }

  #readIds(sql: string, parameters: readonly unknown[]): readonly DocumentId[] {
    const rows = this.#database.prepare<unknown[], { id: DocumentId }>(sql).all(...parameters);
    return rows.map(({ id }) => id);
  }

  #readHit(documentId: DocumentId, sought: Sought): readonly SearchHit[] {
    const row = this.#hit.get(documentId);
    return row === undefined ? [] : [toHit(row, sought)];
  }

  /** Words of the index that a word which the tenant does not have may have meant. */
  #findVariants({ query, tenant }: SearchRequest): ReadonlyMap<number, readonly string[]> {
    const variants = new Map<number, readonly string[]>();
    for (const [index, term] of query.terms.entries()) {
      const found = term.kind === 'word' ? this.#findWordVariants(term, tenant) : [];
      if (found.length > 0) variants.set(index, found);
    }
    return variants;
  }

  #findWordVariants(term: Extract<Term, { kind: 'word' }>, tenant: string): readonly string[] {
    const most = allowedTypos(term.word);
    if (most === 0) return [];
    return this.#findCandidates(term.word, most)
      .map(({ term: word }) => word)
      .filter((word) => word !== term.word && isMeant(term, word, most) && this.#isInTenant(word, tenant))
      .slice(0, VARIANTS_MAX);
  }

  #findCandidates(word: string, typos: number): readonly { readonly term: string }[] {
    if (typos === 1) return this.#byDeletions.all(JSON.stringify(deletionsOf(word)), CANDIDATES_MAX);
    const trigrams = Array.from({ length: word.length - 2 }, (_, at) => `"${word.slice(at, at + 3)}"`);
    return this.#byTrigrams.all(trigrams.join(' OR '), CANDIDATES_MAX);
  }

  #isInTenant(word: string, tenant: string): boolean {
    const match = `scope : "${scopeWord(tenant)}" AND {title headings body} : "${word}"`;
    return this.#isHeld.get(match) !== undefined;
  }
}

/** A beginning may be mistyped too: then it is the beginning of the longer word that is compared. */
function isMeant(term: Extract<Term, { kind: 'word' }>, word: string, most: number): boolean {
  if (isWithinTypos(term.word, word, most)) return true;
  return (
    term.prefix && word.length > term.word.length && isWithinTypos(term.word, word.slice(0, term.word.length), most)
  );
}

function toHit(row: HitRow, sought: Sought): SearchHit {
  // Written by `search-tables.ts`.
  const blocks = JSON.parse(row.blocks) as readonly SearchBlock[];
  const found = blocks
    .map((block) => ({ block, ranges: findRanges(block.text, sought) }))
    .filter(({ ranges }) => ranges.length > 0)
    .toSorted((one, other) => other.ranges.length - one.ranges.length)
    .slice(0, BLOCKS_PER_HIT);
  return {
    documentId: row.document_id,
    // It was parsed before it was stored.
    name: row.name as DocumentName,
    title: row.title,
    epoch: row.epoch,
    seq: row.seq,
    updatedAt: row.updated_at,
    titleSnippet: cutSnippet(row.title, findRanges(row.title, sought)),
    blocks: found.map(({ block, ranges }) => ({
      id: block.id,
      headings: block.headings,
      snippet: cutSnippet(block.text, ranges),
    })),
  };
}
