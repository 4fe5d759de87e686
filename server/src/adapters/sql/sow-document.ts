import { hash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { DocumentSeed } from '../../ports/document-catalog.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

/** Bytes of a payload's SHA-256 that its row keeps. */
const SUM_BYTES = 16;
/** No writer has it: nobody tries to store a seed a second time. */
const NO_WRITER = 0;
/** Bindings per statement: an engine takes only so many parameters. */
const PAGE = 500;

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
  const sum = hash('sha256', payload, 'buffer').subarray(0, SUM_BYTES);
  await transaction
    .insertInto('log_rows')
    .values({ document_id: documentId, seq: 1, at, writer: NO_WRITER, flush: 0, sum, payload })
    .execute();
  await transaction
    .updateTable('document_heads')
    .set({ head: 1, tail_bytes: payload.byteLength })
    .where('document_id', '=', documentId)
    .execute();
  for (let start = 0; start < bindings.length; start += PAGE) {
    await transaction
      .insertInto('client_bindings')
      .values(
        bindings
          .slice(start, start + PAGE)
          .map(({ client, user }) => ({ document_id: documentId, client, user_id: user })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
