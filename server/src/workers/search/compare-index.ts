import type { DirectoryEntry, DocumentDirectory } from '../../ports/document-directory.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { SearchDeadLetter, SearchDeadLetters } from '../../ports/search-dead-letters.ts';
import type { IndexedState, SearchIndex } from '../../ports/search-index.ts';
import type { DocumentId } from '../../ports/update-log.ts';

export interface CompareDeps {
  readonly index: Pick<SearchIndex, 'readIndexed'>;
  readonly directory: DocumentDirectory;
  readonly deadLetters: Pick<SearchDeadLetters, 'read'>;
}

/** One page of the comparison of the index with the documents. */
export interface Comparison {
  /** Documents of which the index holds another state than the newest, or that it should not hold; rows it lacks. */
  readonly behind: ReadonlyMap<DocumentId, number>;
  /** Documents that it holds as they are, or never will, and their heads. */
  readonly level: ReadonlyMap<DocumentId, number>;
}

const PAGE = 500;

/** Compares the index with all documents there are, a page at a time. */
export async function* compareIndex(deps: CompareDeps): AsyncGenerator<Comparison> {
  for (let after: DocumentId | null = 0; after !== null;) {
    const page: Awaited<ReturnType<DocumentDirectory['readPage']>> = await deps.directory.readPage(after, PAGE);
    if (page.entries.length > 0) yield await compareEntries(deps, page.entries);
    after = page.next;
  }
}

async function compareEntries(deps: CompareDeps, entries: readonly DirectoryEntry[]): Promise<Comparison> {
  const documentIds = entries.map(({ documentId }) => documentId);
  const indexed = await deps.index.readIndexed(documentIds);
  const letters = new Map((await deps.deadLetters.read(documentIds)).map((letter) => [letter.documentId, letter]));
  const behind = new Map<DocumentId, number>();
  const level = new Map<DocumentId, number>();
  for (const { documentId, record } of entries) {
    const state = indexed.get(documentId);
    if (record === null) {
      if (state !== undefined) behind.set(documentId, 0);
    } else if (isIndexed(record, state) || isSetAside(record, letters.get(documentId))) {
      level.set(documentId, record.head);
    } else {
      behind.set(documentId, Math.max(0, record.head - (state?.epoch === record.epoch ? state.seq : 0)));
    }
  }
  return { behind, level };
}

/** Whether the index holds all that is committed of a document, under its name of now. */
export function isIndexed(record: DocumentRecord, state: IndexedState | undefined): boolean {
  if (state === undefined || state.name !== record.name) return false;
  return state.epoch === record.epoch && state.seq >= record.head;
}

/** Whether this very state was set aside. */
export function isSetAside(record: DocumentRecord, letter: SearchDeadLetter | undefined): boolean {
  return letter !== undefined && letter.epoch === record.epoch && letter.seq >= record.head;
}
