import { createHash } from 'node:crypto';
import type { AuthorshipChange, AuthorshipStore, RowReplacement } from '../../src/ports/authorship-store.ts';
import type { DocumentId } from '../../src/ports/update-log.ts';
import type { SqlStoreUnderTest } from './sql-damage.ts';
import { AT, bytes, entry, newDocument, newWriter } from './store-under-test.ts';

/** A store that says who wrote what, as its suites use it. */
export interface AuthoredStore extends SqlStoreUnderTest {
  readonly authorship: AuthorshipStore;
}

/** A document with a row for each text. */
export async function newDocumentOf(store: AuthoredStore, texts: readonly string[]) {
  const document = await newDocument(store);
  const writer = newWriter(store);
  for (const text of texts) await writer.append(entry(document.id, text));
  return { ...document, writer };
}

/** Replacements of rows as they are now. */
export async function replacing(
  store: AuthoredStore,
  id: DocumentId,
  texts: Readonly<Record<number, string>>,
): Promise<readonly RowReplacement[]> {
  const rows = await store.log.readRows(id, 0, 1_000);
  return rows
    .filter(({ seq }) => texts[seq] !== undefined)
    .map(({ seq, sum, payload }) => ({
      seq,
      sum,
      bytes: payload.byteLength,
      payload: bytes(texts[seq] ?? ''),
      isIntact: true,
    }));
}

/** A change of nothing at epoch 1, but for what is said. */
export const change = (more: Partial<AuthorshipChange>): AuthorshipChange => ({
  epoch: 1,
  rows: [],
  segment: null,
  seal: null,
  ...more,
});

/** SHA-256 of a text, hex. */
export function sumOfAll(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A snapshot in the database, at a row. */
export function inlineSnapshot(seq: number) {
  const content = bytes('state');
  return { seq, at: AT, sha256: sumOfAll('state'), bytes: 5, place: { kind: 'inline', content } } as const;
}
