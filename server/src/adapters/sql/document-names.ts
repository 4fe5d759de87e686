import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Transaction } from 'kysely';
import type { DocumentId } from '../../ports/update-log.ts';
import type { NameState, Schema } from './schema.ts';

/** A name within its tenant. */
export interface NameKey {
  readonly tenant: Tenant;
  readonly name: DocumentName;
}

/** What a name stood for when a transaction took hold of it. */
export interface ClaimedName {
  readonly state: NameState;
  readonly documentId: DocumentId | null;
  readonly epoch: number;
  readonly tombstone: Uint8Array | null;
}

/**
 * Takes hold of a name to the end of the transaction, whether it was used before or not: on an engine with concurrent
 * writers the row stays locked, so that of two claims the second sees what the first made of it.
 */
export async function claimName(transaction: Transaction<Schema>, key: NameKey, at: number): Promise<ClaimedName> {
  const row = await transaction
    .insertInto('document_names')
    .values({ ...key, state: 'unused', document_id: null, epoch: 0, tombstone: null, changed_at: at })
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'name']).doUpdateSet((eb) => ({ epoch: eb.ref('document_names.epoch') })),
    )
    .returning(['state', 'document_id', 'epoch', 'tombstone'])
    .executeTakeFirstOrThrow();
  return { state: row.state, documentId: row.document_id, epoch: row.epoch, tombstone: row.tombstone };
}

/** Takes hold of a live document's name; `null` when no live document has it. */
export async function holdLiveName(transaction: Transaction<Schema>, key: NameKey): Promise<DocumentId | null> {
  const row = await transaction
    .updateTable('document_names')
    .set((eb) => ({ epoch: eb.ref('epoch') }))
    .where('tenant', '=', key.tenant)
    .where('name', '=', key.name)
    .where('state', '=', 'live')
    .returning('document_id')
    .executeTakeFirst();
  return row?.document_id ?? null;
}

/** Makes a claimed name lead to a live document. */
export async function pointName(
  transaction: Transaction<Schema>,
  key: NameKey,
  to: { readonly documentId: DocumentId; readonly at: number },
): Promise<void> {
  await transaction
    .updateTable('document_names')
    .set({ state: 'live', document_id: to.documentId, changed_at: to.at })
    .where('tenant', '=', key.tenant)
    .where('name', '=', key.name)
    .execute();
}

/**
 * Highest epoch that a claimed name ever led to, the one it redirects to now included; 0 for a name without a past. That
 * document's head is held to the end of the transaction, so that its epoch does not rise while the name still leads there.
 */
export async function readHighestEpoch(transaction: Transaction<Schema>, claimed: ClaimedName): Promise<number> {
  if (claimed.state !== 'renamed' || claimed.documentId === null) return claimed.epoch;
  const head = await transaction
    .updateTable('document_heads')
    .set((eb) => ({ epoch: eb.ref('epoch') }))
    .where('document_id', '=', claimed.documentId)
    .returning('epoch')
    .executeTakeFirst();
  return Math.max(claimed.epoch, head?.epoch ?? 0);
}
