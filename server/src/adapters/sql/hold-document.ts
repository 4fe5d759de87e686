import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Transaction } from 'kysely';
import type { DocumentId } from '../../ports/update-log.ts';
import type { Schema } from './schema.ts';

/** A live document, as it stays to the end of the transaction; only its head may rise meanwhile. */
export interface HeldDocument {
  readonly documentId: DocumentId;
  readonly tenant: Tenant;
  readonly name: DocumentName;
  readonly epoch: number;
  readonly head: number;
}

/**
 * Takes hold of a live document, so that it is neither renamed nor deleted before the transaction ends; `null` when it is
 * not live. Edits go on. In a transaction that changes the head too, this comes behind that, as in a deletion.
 */
export async function holdDocument(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
): Promise<HeldDocument | null> {
  const document = await transaction
    .updateTable('documents')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('id', '=', documentId)
    .where('deleted_at', 'is', null)
    .returning(['tenant', 'name'])
    .executeTakeFirst();
  if (document === undefined) return null;
  const head = await transaction
    .selectFrom('document_heads')
    .select(['epoch', 'head'])
    .where('document_id', '=', documentId)
    .where('live', '=', 1)
    .executeTakeFirst();
  if (head === undefined) return null;
  // Both were parsed before they were stored.
  return { documentId, tenant: document.tenant as Tenant, name: document.name as DocumentName, ...head };
}
