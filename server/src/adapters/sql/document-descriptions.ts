import type { Transaction } from 'kysely';
import type { DescriptionChange, DocumentCatalog, DocumentMetadata } from '../../ports/document-catalog.ts';
import { holdLiveName, type NameKey } from './document-names.ts';
import { readRecord } from './document-records.ts';
import type { Schema } from './schema.ts';

/** Metadata as its column holds it. */
export function encodeMetadata(metadata: DocumentMetadata): string | null {
  return Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata);
}

/** Changes title and metadata of a live document, if it is of the expected revision. */
export async function describeDocument(
  transaction: Transaction<Schema>,
  key: NameKey,
  asked: { readonly change: DescriptionChange; readonly expected: number | undefined },
): ReturnType<DocumentCatalog['describe']> {
  // Held to the end, so that of two changes the second sees the first.
  const documentId = await holdLiveName(transaction, key);
  if (documentId === null) return { kind: 'absent' };
  const before = await readRecord(transaction, documentId);
  if (asked.expected !== undefined && asked.expected !== before.revision) return { kind: 'moved' };
  const { title = before.title, metadata = {} } = asked.change;
  const merged = Object.entries({ ...before.metadata, ...metadata }).filter(([, value]) => value !== null);
  await transaction
    .updateTable('documents')
    .set({ title, metadata: encodeMetadata(Object.fromEntries(merged)), revision: before.revision + 1 })
    .where('id', '=', documentId)
    .execute();
  return { kind: 'described', record: await readRecord(transaction, documentId) };
}
