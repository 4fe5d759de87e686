import { hash } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { ClientBinding, DocumentId } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

/** Bytes of a payload's SHA-256 that its row keeps. */
const SUM_BYTES = 16;
/** No writer has it: whoever stores a row in this way finds by something else what an earlier try stored. */
const NO_WRITER = 0;
/** Bindings per statement: an engine takes only so many parameters. */
const PAGE = 500;

/** Puts a row behind a head that the transaction has raised to its number. */
export async function insertRow(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  { seq, at, payload }: { readonly seq: number; readonly at: number; readonly payload: Uint8Array },
): Promise<void> {
  const sum = hash('sha256', payload, 'buffer').subarray(0, SUM_BYTES);
  await transaction
    .insertInto('log_rows')
    .values({ document_id: documentId, seq, at, writer: NO_WRITER, flush: 0, sum, payload })
    .execute();
}

/** Binds clients that nobody has bound yet. */
export async function bindClients(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  bindings: readonly ClientBinding[],
): Promise<void> {
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
