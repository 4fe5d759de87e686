import type { Transaction } from 'kysely';
import type { DocumentSeed } from '../../ports/document-catalog.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { bindClients, insertRow } from './insert-row.ts';
import type { Schema } from './schema.ts';

/** The seed of an empty document. */
export const EMPTY_SEED: DocumentSeed = { payload: null, bindings: [], title: null, metadata: {} };

/** Puts the first row of a document into the transaction that creates it. */
export async function sowDocument(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { seed, at }: { readonly seed: DocumentSeed; readonly at: number },
): Promise<void> {
  const { payload, bindings } = seed;
  if (payload === null) return;
  await insertRow(transaction, documentId, { seq: 1, at, payload });
  await transaction
    .updateTable('document_heads')
    .set({ head: 1, tail_bytes: payload.byteLength })
    .where('document_id', '=', documentId)
    .execute();
  await bindClients(transaction, documentId, bindings);
}
