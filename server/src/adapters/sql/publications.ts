import { randomBytes } from 'node:crypto';
import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Kysely, Transaction } from 'kysely';
import type { Act } from '../../ports/audit-log.ts';
import type { NewEdition, Publication, Publications, PublishedPage } from '../../ports/publications.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { appendAudit } from './append-audit.ts';
import { type HeldDocument, holdDocument } from './hold-document.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import { recordEvent } from './outbox-events.ts';
import type { Schema } from './schema.ts';
import { checkReadBack } from './stored-place.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Bytes of chance in a public address, which tells nothing of document and tenant. */
const ID_BYTES = 16;

/** Publications on any SQL engine. */
export function createPublications({ database, readFor = readFreely(database) }: TenantStoreDeps): Publications {
  return {
    publish: (edition, keep) => database.transaction().execute((transaction) => publish(transaction, edition, keep)),
    withdraw: (documentId, act) =>
      database.transaction().execute((transaction) => withdraw(transaction, documentId, act)),
    read: async (documentId) => {
      const row = await livePublications(database)
        .where('publications.document_id', '=', documentId)
        .executeTakeFirst();
      return row === undefined ? null : toPublication(row);
    },
    list: (tenant, page) => readFor(tenant, (reads) => listPublications(reads, tenant, page)),
    readPage: (id, edition) => readPage(database, id, edition),
  };
}

async function listPublications(
  database: Kysely<Schema>,
  tenant: Tenant,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): ReturnType<Publications['list']> {
  const after = cursor === null ? null : String(decodeListCursor(cursor, ['string'])[0]);
  const rows = await livePublications(database)
    .where('publications.tenant', '=', tenant)
    .$if(after !== null, (query) => query.where('documents.name', '>', after ?? ''))
    .orderBy('documents.name')
    .limit(limit + 1)
    .execute();
  const publications = rows.slice(0, limit).map(toPublication);
  const last = publications.at(-1);
  return { publications, nextCursor: rows.length > limit && last ? encodeListCursor([last.name]) : null };
}

function livePublications(database: Kysely<Schema>) {
  return database
    .selectFrom('publications')
    .innerJoin('documents', 'documents.id', 'publications.document_id')
    .select(['publications.id', 'publications.document_id as documentId', 'documents.name'])
    .select(['publications.edition', 'publications.seq', 'publications.at', 'publications.author'])
    .where('publications.live', '=', 1)
    .where('documents.deleted_at', 'is', null);
}

function toPublication(row: Omit<Publication, 'name'> & { readonly name: string }): Publication {
  // It was parsed before it was stored.
  return { ...row, name: row.name as DocumentName };
}

async function publish(
  transaction: Transaction<Schema>,
  { documentId, seq, act, content, sha256 }: NewEdition,
  keep: number,
): Promise<Publication | null> {
  const document = await holdDocument(transaction, documentId);
  if (document === null || document.head < seq) return null;
  const { tenant, name } = document;
  const { at, user: author } = act;
  const id = randomBytes(ID_BYTES).toString('base64url');
  const fields = { seq, at, author, live: 1 };
  const row = await transaction
    .insertInto('publications')
    .values({ document_id: documentId, id, tenant, edition: 1, ...fields })
    .onConflict((conflict) =>
      conflict.column('document_id').doUpdateSet((eb) => ({ ...fields, edition: eb('publications.edition', '+', 1) })),
    )
    .returning(['id', 'edition'])
    .executeTakeFirstOrThrow();
  await transaction
    .insertInto('publication_editions')
    .values({ publication_id: row.id, edition: row.edition, at, sha256, content })
    .execute();
  await transaction
    .deleteFrom('publication_editions')
    .where('publication_id', '=', row.id)
    .where('edition', '<=', row.edition - keep)
    .execute();
  const stored = await readContent(transaction, row);
  checkReadBack(stored?.content, sha256);
  await tell(transaction, document, {
    kind: 'published',
    act,
    facts: { seq, publication: row.id, edition: row.edition },
  });
  return { ...row, documentId, name, seq, at, author };
}

interface Told {
  readonly kind: 'published' | 'unpublished';
  readonly act: Act;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Writes down who did it, and tells of it. */
async function tell(
  transaction: Transaction<Schema>,
  { documentId, tenant, name, epoch }: HeldDocument,
  { kind, act, facts }: Told,
): Promise<void> {
  const action = kind === 'published' ? 'document.publish' : 'document.unpublish';
  await appendAudit(transaction, tenant, [{ ...act, action, document: name, detail: facts }]);
  const about = { tenant, documentId, name, ...act, facts: { epoch, ...facts } };
  await recordEvent(transaction, { ...about, type: `document.${kind}` });
}

async function withdraw(transaction: Transaction<Schema>, documentId: DocumentId, act: Act): Promise<boolean> {
  const document = await holdDocument(transaction, documentId);
  if (document === null) return false;
  const row = await transaction
    .updateTable('publications')
    .set({ live: 0 })
    .where('document_id', '=', documentId)
    .where('live', '=', 1)
    .returning(['id', 'seq', 'edition'])
    .executeTakeFirst();
  if (row === undefined) return false;
  await transaction.deleteFrom('publication_editions').where('publication_id', '=', row.id).execute();
  const facts = { seq: row.seq, publication: row.id, edition: row.edition };
  await tell(transaction, document, { kind: 'unpublished', act, facts });
  return true;
}

async function readPage(database: Kysely<Schema>, id: string, edition: number | null): Promise<PublishedPage> {
  const publication = await database
    .selectFrom('publications')
    .innerJoin('documents', 'documents.id', 'publications.document_id')
    .select(['publications.edition', 'publications.live', 'documents.deleted_at'])
    .where('publications.id', '=', id)
    .executeTakeFirst();
  if (publication === undefined || (edition ?? 1) < 1) return { kind: 'absent' };
  const wanted = edition ?? publication.edition;
  if (wanted > publication.edition) return { kind: 'absent' };
  if (publication.live === 0 || publication.deleted_at !== null) return { kind: 'ended' };
  const page = await readContent(database, { id, edition: wanted });
  return page === undefined ? { kind: 'ended' } : { kind: 'found', edition: wanted, ...page };
}

function readContent(database: Kysely<Schema>, { id, edition }: { readonly id: string; readonly edition: number }) {
  return database
    .selectFrom('publication_editions')
    .select(['at', 'sha256', 'content'])
    .where('publication_id', '=', id)
    .where('edition', '=', edition)
    .executeTakeFirst();
}
