import type { Database } from 'better-sqlite3';
import { deletionsOf } from '@scriptorium/shared/search-query';
import { toIndexText } from '@scriptorium/shared/search-words';
import type { SearchEntry } from '../../../ports/search-index.ts';
import type { DocumentId } from '../../../ports/update-log.ts';
import { scopeWord } from './match-expression.ts';
import { type GenerationTables, tablesOf } from './search-schema.ts';

/** Terms that are remembered as noted, some megabytes of them. */
const KNOWN_MAX = 50_000;
const NO_WORDS: ReadonlySet<string> = new Set();

/** An entry on its way in, and what it changes. */
interface Change {
  readonly entry: SearchEntry;
  readonly isNew: boolean;
  readonly text: IndexTexts;
  readonly words: ReadonlySet<string>;
  /** The words of the state that it replaces. */
  readonly before: ReadonlySet<string>;
}

/** What is written into one generation of the index. All of a call is one transaction of its caller. */
export class SearchTables {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #database: Database;
  readonly #tables: GenerationTables;
  /** Terms that are noted for certain: most words of a document are common ones. */
  readonly #known = new Set<string>();

  constructor(database: Database, generation: number) {
    this.#database = database;
    this.#tables = tablesOf(generation);
    this.#statements = prepareStatements(database, this.#tables);
  }

  /**
   * Replaces the documents' entries, each unless a later state is there already. What is plain goes first, then the
   * full text, then the terms: replacing a row and looking at the vocabulary each make FTS5 write out what it has
   * gathered, which is to happen once for all of them.
   */
  write(entries: readonly SearchEntry[]): void {
    const changes = entries.flatMap((entry) => this.#putEntry(entry) ?? []);
    const { deleteWords, insertWords } = this.#statements;
    for (const { entry, isNew, text } of changes) {
      if (!isNew) deleteWords.run(entry.documentId);
      insertWords.run(entry.documentId, scopeWord(entry.tenant), text.title, text.headings, text.body);
    }
    // Most of a document stays from one state to the next, and its words are noted already.
    for (const { words, before } of changes) this.#noteTerms(without(words, before));
    for (const { words, before } of changes) this.#forgetTerms(without(before, words));
  }

  /** What is known of the terms may be wrong after a transaction that was given up. */
  forgetKnown(): void {
    this.#known.clear();
  }

  #putEntry(entry: SearchEntry): Change | null {
    const { readEntry, putEntry, putBody } = this.#statements;
    const old = readEntry.get(entry.documentId);
    if (old !== undefined && isLater(old, entry)) return null;
    const { blocks, authors, tags, ...facts } = entry;
    putEntry.run({ ...facts, authors: JSON.stringify(authors), tags: JSON.stringify(tags) });
    putBody.run(entry.documentId, JSON.stringify(blocks));
    const text = indexTexts(entry);
    const before = old === undefined ? NO_WORDS : wordsOf(indexTexts(fromRow(old)));
    return { entry, isNew: old === undefined, text, words: wordsOf(text), before };
  }

  remove(documentId: DocumentId): void {
    const old = this.#statements.readEntry.get(documentId);
    if (old === undefined) return;
    this.#statements.deleteWords.run(documentId);
    this.#statements.deleteEntry.run(documentId);
    this.#statements.deleteBody.run(documentId);
    this.#forgetTerms(wordsOf(indexTexts(fromRow(old))));
  }

  /** Writes the full-text index anew, so that nothing of what was deleted stays in it. */
  optimize(): void {
    for (const table of [this.#tables.words, this.#tables.trigrams]) {
      this.#database.exec(`insert into ${table} (${table}) values ('optimize')`);
    }
  }

  #noteTerms(words: ReadonlySet<string>): void {
    for (const word of words) {
      if (!isCorrectable(word) || this.#known.has(word)) continue;
      if (this.#known.size >= KNOWN_MAX) this.#known.clear();
      this.#known.add(word);
      const { changes, lastInsertRowid } = this.#statements.insertTerm.run(word);
      if (changes === 0) continue;
      if (isFoundByTrigrams(word)) this.#statements.insertTrigrams.run(lastInsertRowid, word);
      if (isFoundByDeletions(word)) {
        for (const deletion of deletionsOf(word)) this.#statements.insertDeletion.run(deletion, lastInsertRowid);
      }
    }
  }

  /** Takes back the terms that no document holds any more. */
  #forgetTerms(words: ReadonlySet<string>): void {
    for (const word of words) {
      if (!isCorrectable(word) || this.#statements.isInUse.get(word) !== undefined) continue;
      this.#known.delete(word);
      const id = this.#statements.deleteTerm.get(word);
      if (id === undefined) continue;
      if (isFoundByTrigrams(word)) this.#statements.deleteTrigrams.run(id.id);
      if (isFoundByDeletions(word)) {
        for (const deletion of deletionsOf(word)) this.#statements.deleteDeletion.run(deletion, id.id);
      }
    }
  }
}

function without(words: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...words].filter((word) => !others.has(word)));
}

interface EntryRow {
  readonly epoch: number;
  readonly seq: number;
  readonly name: string;
  readonly title: string;
  readonly blocks: string;
}

interface IndexedText extends Pick<SearchEntry, 'title' | 'blocks'> {
  readonly name: string;
}

interface IndexTexts {
  readonly title: string;
  readonly headings: string;
  readonly body: string;
}

function isLater(one: Pick<EntryRow, 'epoch' | 'seq'>, other: Pick<SearchEntry, 'epoch' | 'seq'>): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.seq > other.seq);
}

/** A word that a mistyped one may be taken for. */
function isCorrectable(word: string): boolean {
  return word.length >= 3 && word.length <= 32;
}

/** A word of eight letters may be typed with two mistakes, so with six letters. */
function isFoundByTrigrams(word: string): boolean {
  return word.length >= 6;
}

/** A word of seven letters may be typed with one mistake, so for one of eight. */
function isFoundByDeletions(word: string): boolean {
  return word.length <= 8;
}

/** A name counts as a title does; one that is the title too counts once. */
function indexTexts({ name, title, blocks }: IndexedText): IndexTexts {
  const headings = new Set(blocks.flatMap((block) => block.headings));
  return {
    title: toIndexText(name === title ? title : `${title}\n${name}`),
    headings: toIndexText([...headings].join('\n')),
    body: blocks.map((block) => toIndexText(block.text)).join(' '),
  };
}

function wordsOf({ title, headings, body }: IndexTexts): ReadonlySet<string> {
  return new Set(`${title} ${headings} ${body}`.split(' ').filter((word) => word !== ''));
}

/** What this file has written itself. */
function fromRow({ name, title, blocks }: EntryRow): IndexedText {
  return { name, title, blocks: JSON.parse(blocks) as SearchEntry['blocks'] };
}

function prepareStatements(database: Database, tables: GenerationTables) {
  const { entries, bodies, words, terms, trigrams, deletions, vocabulary } = tables;
  return {
    readEntry: database.prepare<[number], EntryRow>(
      `select epoch, seq, name, title, blocks from ${entries} join ${bodies} using (document_id) where document_id = ?`,
    ),
    putEntry: database.prepare<[Record<string, unknown>]>(`
      insert or replace into ${entries}
        (document_id, tenant, name, title, epoch, seq, created_at, updated_at, authors, tags)
      values (@documentId, @tenant, @name, @title, @epoch, @seq, @createdAt, @updatedAt, @authors, @tags)`),
    putBody: database.prepare<[number, string]>(`insert or replace into ${bodies} (document_id, blocks) values (?, ?)`),
    deleteEntry: database.prepare<[number]>(`delete from ${entries} where document_id = ?`),
    insertWords: database.prepare<[number, string, string, string, string]>(
      `insert into ${words} (rowid, scope, title, headings, body) values (?, ?, ?, ?, ?)`,
    ),
    deleteBody: database.prepare<[number]>(`delete from ${bodies} where document_id = ?`),
    deleteWords: database.prepare<[number]>(`delete from ${words} where rowid = ?`),
    insertTerm: database.prepare<[string]>(`insert into ${terms} (term) values (?) on conflict do nothing`),
    deleteTerm: database.prepare<[string], { id: number }>(`delete from ${terms} where term = ? returning id`),
    insertTrigrams: database.prepare<[number | bigint, string]>(`insert into ${trigrams} (rowid, term) values (?, ?)`),
    deleteTrigrams: database.prepare<[number]>(`delete from ${trigrams} where rowid = ?`),
    insertDeletion: database.prepare<[string, number | bigint]>(
      `insert into ${deletions} (deletion, term) values (?, ?) on conflict do nothing`,
    ),
    deleteDeletion: database.prepare<[string, number]>(`delete from ${deletions} where deletion = ? and term = ?`),
    isInUse: database.prepare<[string], { term: string }>(`select term from ${vocabulary} where term = ?`),
  };
}
