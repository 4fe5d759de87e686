import { parseDocumentName, type DocumentName } from '@scriptorium/shared/document-name';
import type { Kysely, Transaction } from 'kysely';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Act } from '../../ports/audit-log.ts';
import type {
  DocumentCatalog,
  DocumentRecord,
  DocumentSeed,
  LastState,
  ListPage,
  ListQuery,
  Removal,
  Resolution,
} from '../../ports/document-catalog.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { describeDocument, encodeMetadata } from './document-descriptions.ts';
import { dropGrants, moveGrants } from './document-grants.ts';
import {
  claimName,
  type ClaimedName,
  holdLiveName,
  type NameKey,
  pointName,
  readHighestEpoch,
} from './document-names.ts';
import { readLiveRecords, readNamedRecord, readRecord } from './document-records.ts';
import { recordEvent, tellLastChange } from './outbox-events.ts';
import type { Schema } from './schema.ts';
import { EMPTY_SEED, sowDocument } from './sow-document.ts';
import { mergeStateVectors } from './state-vectors.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** The catalog on any SQL engine that Kysely speaks to; each change is one transaction. */
export function createDocumentCatalog({ database, readFor = readFreely(database) }: TenantStoreDeps): DocumentCatalog {
  return {
    resolve: (tenant, name) => readFor(tenant, (reads) => resolveName(reads, { tenant, name })),
    create: (tenant, name, user, at) =>
      database
        .transaction()
        .execute((transaction) => createDocument(transaction, { tenant, name }, { user, at, seed: EMPTY_SEED })),
    createWith: (tenant, name, by) =>
      database.transaction().execute((transaction) => createDocument(transaction, { tenant, name }, by)),
    list: (query) => readFor(query.tenant, (reads) => listDocuments(reads, query)),
    rename: (tenant, from, to, act) =>
      database
        .transaction()
        .execute((transaction) =>
          renameDocument(transaction, { tenant, name: from }, { to: { tenant, name: to }, act }),
        ),
    remove: async (tenant, name, last, act) => {
      try {
        return await database
          .transaction()
          .execute((transaction) => removeDocument(transaction, { tenant, name }, { ...last, act }));
      } catch (error) {
        if (error instanceof LogMoved) return 'moved';
        throw error;
      }
    },
    describe: (tenant, name, change, expected) =>
      database
        .transaction()
        .execute((transaction) => describeDocument(transaction, { tenant, name }, { change, expected })),
  };
}

async function resolveName(database: Kysely<Schema>, key: NameKey): Promise<Resolution> {
  const found = await readNamedRecord(database, key);
  switch (found?.state) {
    case 'live':
      return { kind: 'found', record: found.record, tombstone: found.tombstone };
    case 'renamed':
      return { kind: 'renamed', record: found.record, tombstone: found.tombstone };
    case 'deleted':
      return { kind: 'deleted', deletedAt: found.changedAt };
    default:
      return { kind: 'absent' };
  }
}

async function createDocument(
  transaction: Transaction<Schema>,
  key: NameKey,
  by: { readonly user: string; readonly at: number; readonly seed: DocumentSeed },
): Promise<{ kind: 'created' | 'exists'; record: DocumentRecord }> {
  const claimed = await claimName(transaction, key, by.at);
  if (claimed.state === 'live' && claimed.documentId !== null) {
    return { kind: 'exists', record: await readRecord(transaction, claimed.documentId) };
  }
  const epoch = (await readHighestEpoch(transaction, claimed)) + 1;
  const { id } = await transaction
    .insertInto('documents')
    .values({
      ...key,
      created_at: by.at,
      created_by: by.user,
      deleted_at: null,
      purged_at: null,
      tombstone: claimed.tombstone,
      title: by.seed.title,
      metadata: encodeMetadata(by.seed.metadata),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await transaction
    .insertInto('document_heads')
    .values({ document_id: id, epoch, head: 0, live: 1, tail_bytes: 0, updated_at: by.at })
    .execute();
  await sowDocument(transaction, id, by);
  await pointName(transaction, key, { documentId: id, at: by.at });
  const record = await readRecord(transaction, id);
  const { user, at } = by;
  const facts = { epoch, seq: record.head };
  await recordEvent(transaction, { ...key, documentId: id, type: 'document.created', user, at, facts });
  return { kind: 'created', record };
}

async function renameDocument(
  transaction: Transaction<Schema>,
  from: NameKey,
  change: { readonly to: NameKey; readonly act: Act },
): Promise<{ kind: 'renamed'; record: DocumentRecord } | { kind: 'absent' | 'exists' }> {
  const documentId = await holdLiveName(transaction, from);
  if (documentId === null) return { kind: 'absent' };
  const claimed = await claimName(transaction, change.to, change.act.at);
  if (claimed.state === 'live') return { kind: 'exists' };
  await transaction
    .updateTable('document_names')
    .set({ state: 'renamed', changed_at: change.act.at })
    .where('tenant', '=', from.tenant)
    .where('name', '=', from.name)
    .execute();
  // A redirect back to this very document has no other past to keep apart from.
  if (claimed.state !== 'unused' && claimed.documentId !== documentId) {
    await inheritPast(transaction, documentId, claimed);
  }
  await transaction.updateTable('documents').set({ name: change.to.name }).where('id', '=', documentId).execute();
  const { act } = change;
  await pointName(transaction, change.to, { documentId, at: act.at });
  await moveGrants(
    transaction,
    { from, to: change.to },
    { ...act, action: 'document.rename', document: from.name, detail: { to: change.to.name } },
  );
  const record = await readRecord(transaction, documentId);
  const facts = { epoch: record.epoch, seq: record.head, from: from.name };
  await recordEvent(transaction, { ...change.to, documentId, type: 'document.renamed', ...act, facts });
  return { kind: 'renamed', record };
}

/** Lifts a document above the epochs, and gives it the tombstone, of those that had its new name before. */
async function inheritPast(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  claimed: ClaimedName,
): Promise<void> {
  const past = await readHighestEpoch(transaction, claimed);
  const { epoch } = await readRecord(transaction, documentId);
  await transaction
    .updateTable('document_heads')
    .set({ epoch: Math.max(epoch, past) + 1 })
    .where('document_id', '=', documentId)
    .execute();
  if (claimed.tombstone === null) return;
  const own = await transaction
    .selectFrom('documents')
    .select('tombstone')
    .where('id', '=', documentId)
    .executeTakeFirstOrThrow();
  const tombstone = mergeStateVectors([own.tombstone, claimed.tombstone]);
  await transaction.updateTable('documents').set({ tombstone }).where('id', '=', documentId).execute();
}

/** Takes a transaction back whose document is not where its caller saw it. */
class LogMoved extends Error {}

async function removeDocument(
  transaction: Transaction<Schema>,
  key: NameKey,
  last: LastState & { readonly act: Act },
): Promise<Removal> {
  const documentId = await holdLiveName(transaction, key);
  if (documentId === null) return 'absent';
  const { epoch } = last;
  const names = await transaction
    .selectFrom('document_names')
    .select(['name', 'epoch', 'tombstone'])
    .where('document_id', '=', documentId)
    .execute();
  // Names before the head, as everywhere, so that two changes do not wait for one another.
  for (const name of names) {
    await transaction
      .updateTable('document_names')
      .set({
        state: 'deleted',
        changed_at: last.act.at,
        epoch: Math.max(name.epoch, epoch),
        tombstone: mergeStateVectors([name.tombstone, last.stateVector]),
      })
      .where('tenant', '=', key.tenant)
      .where('name', '=', name.name)
      // Somebody may have made another document of this redirect since it was read.
      .where('document_id', '=', documentId)
      .execute();
  }
  // In one statement with the check, so that no row comes between: the tombstone would miss it.
  const head = await transaction
    .updateTable('document_heads')
    .set({ epoch: epoch + 1, live: 0 })
    .where('document_id', '=', documentId)
    .where('epoch', '=', epoch)
    .where('head', '=', last.seq)
    .returning('updated_at')
    .executeTakeFirst();
  if (head === undefined) throw new LogMoved();
  await transaction.updateTable('documents').set({ deleted_at: last.act.at }).where('id', '=', documentId).execute();
  await dropGrants(transaction, key, { ...last.act, action: 'document.delete', document: key.name });
  const facts = { epoch, seq: last.seq };
  const { at } = last.act;
  await tellLastChange(transaction, { ...key, ...facts, documentId, at, changedAt: head.updated_at });
  await recordEvent(transaction, { ...key, documentId, type: 'document.deleted', ...last.act, facts });
  return 'removed';
}

/** Above every character that a name may hold, so it ends the range of names with a prefix. */
const AFTER_NAMES = '\u007f';

async function listDocuments(database: Kysely<Schema>, query: ListQuery): Promise<ListPage> {
  // Only names are compared with the prefix: whatever cannot begin one finds nothing.
  if (!/^[\u0021-\u007e]*$/.test(query.prefix)) return { records: [], nextCursor: null };
  const after = query.cursor === null ? null : decodeCursor(query.cursor);
  const found = await readLiveRecords(database, {
    tenant: query.tenant,
    from: query.prefix,
    to: query.prefix === '' ? null : query.prefix + AFTER_NAMES,
    after,
    limit: query.limit + 1,
  });
  const records = found.slice(0, query.limit);
  const last = records.at(-1);
  return { records, nextCursor: found.length > records.length && last ? encodeCursor(last.name) : null };
}

function encodeCursor(name: DocumentName): string {
  return Buffer.from(name, 'latin1').toString('base64url');
}

function decodeCursor(cursor: string): DocumentName {
  const name = parseDocumentName(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (name === null) throw new ScriptoriumError('bad-request', 'the cursor is not valid');
  return name;
}
