import type { Database } from 'better-sqlite3';

/** Raised when what the tables hold changes; an index of another version is thrown away and filled anew. */
export const SEARCH_SCHEMA_VERSION = 1;

/** Names of one generation's tables: a rebuild fills the next one while this one is searched. */
export interface GenerationTables {
  readonly entries: string;
  readonly bodies: string;
  readonly words: string;
  readonly terms: string;
  readonly trigrams: string;
  readonly deletions: string;
  readonly vocabulary: string;
}

export function tablesOf(generation: number): GenerationTables {
  return {
    entries: `entries_${generation}`,
    bodies: `bodies_${generation}`,
    words: `words_${generation}`,
    terms: `terms_${generation}`,
    trigrams: `trigrams_${generation}`,
    deletions: `deletions_${generation}`,
    vocabulary: `vocabulary_${generation}`,
  };
}

/**
 * Makes a generation's tables. `words` is the full-text index, one row per document, fed with folded words, so that the
 * tokenizer has nothing to decide; `scope` holds the tenant as a word. It keeps no text of its own: `bodies` has it,
 * apart from `entries`, so that filtering many documents reads no text.
 * `terms` are its words, for mistyped ones: a short one is found by what is left when a letter is left out, since one
 * mistake changes every three letters that stand together; a long one by its trigrams.
 */
export function createGeneration(database: Database, generation: number): void {
  const tables = tablesOf(generation);
  database.exec(`
    create table ${tables.entries} (
      document_id integer primary key,
      tenant text not null,
      name text not null,
      title text not null,
      epoch integer not null,
      seq integer not null,
      created_at integer not null,
      updated_at integer not null,
      authors text not null,
      tags text not null
    ) strict;
    create table ${tables.bodies} (document_id integer primary key, blocks text not null) strict;
    create index ${tables.entries}_name on ${tables.entries} (tenant, name);
    create virtual table ${tables.words} using fts5(
      scope, title, headings, body,
      content='', contentless_delete=1, tokenize="ascii", prefix='2 3'
    );
    insert into ${tables.words} (${tables.words}, rank) values ('rank', 'bm25(0.0, 8.0, 3.0, 1.0)');
    create virtual table ${tables.vocabulary} using fts5vocab(${tables.words}, 'row');
    create table ${tables.terms} (id integer primary key, term text not null unique) strict;
    create virtual table ${tables.trigrams} using fts5(term, content='', contentless_delete=1, tokenize='trigram', detail='none');
    create table ${tables.deletions} (
      deletion text not null, term integer not null, primary key (deletion, term)
    ) strict, without rowid;
  `);
}

export function dropGeneration(database: Database, generation: number): void {
  const { vocabulary, ...others } = tablesOf(generation);
  // The vocabulary looks into another table, which must still be there when it goes.
  for (const table of [vocabulary, ...Object.values(others)]) database.exec(`drop table if exists ${table}`);
}
