import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Kysely } from 'kysely';
import type {
  NamedVersion,
  PersonAuditRow,
  PersonRecords,
  PersonRecordStore,
  TouchedDocument,
} from '../../ports/person-records.ts';
import { toGrant } from './grant-store.ts';
import { readErasures } from './person-hash.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

const EVENTS = 1_000;
const AUDIT_ROWS = 1_000;

/** What is kept about people, on any SQL engine that Kysely speaks to. */
export function createPersonRecordStore({
  database,
  readFor = readFreely(database),
}: TenantStoreDeps): PersonRecordStore {
  return { read: (tenant, user) => readFor(tenant, (reads) => readPerson(reads, tenant, user)) };
}

async function readPerson(database: Kysely<Schema>, tenant: Tenant, user: string): Promise<PersonRecords> {
  const grants = await database
    .selectFrom('grants')
    .selectAll()
    .where('tenant', '=', tenant)
    .where((eb) =>
      eb.or([eb.and([eb('subject_kind', '=', 'user'), eb('subject_id', '=', user)]), eb('created_by', '=', user)]),
    )
    .orderBy('resource')
    .execute();
  const apiKeys = await database
    .selectFrom('api_keys')
    .select(['id', 'label', 'created_at as createdAt'])
    .where('tenant', '=', tenant)
    .where('created_by', '=', user)
    .orderBy('created_at')
    .execute();
  const webhooks = await database
    .selectFrom('webhooks')
    .select(['id', 'url', 'created_at as createdAt'])
    .where('tenant', '=', tenant)
    .where('created_by', '=', user)
    .orderBy('created_at')
    .execute();
  const events = await database
    .selectFrom('outbox_events')
    .select(['name', 'type', 'at'])
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .orderBy('at', 'desc')
    .limit(EVENTS)
    .execute();
  return {
    documents: await readDocuments(database, tenant, user),
    grants: grants.map(toGrant),
    apiKeys,
    webhooks,
    versions: await readVersions(database, tenant, user),
    publications: await readPublications(database, tenant, user),
    events: events.map((event) => ({ ...event, name: event.name as DocumentName })),
    audit: await readAudit(database, tenant, user),
  };
}

async function readDocuments(
  database: Kysely<Schema>,
  tenant: Tenant,
  user: string,
): Promise<readonly TouchedDocument[]> {
  const rows = await database
    .selectFrom('documents')
    .select(['documents.name', 'documents.created_by', 'documents.deleted_at'])
    .select((eb) =>
      eb
        .selectFrom('client_bindings')
        .select((count) => count.fn.countAll<number>().as('count'))
        .whereRef('client_bindings.document_id', '=', 'documents.id')
        .where('client_bindings.user_id', '=', user)
        .as('bindings'),
    )
    .where('documents.tenant', '=', tenant)
    .orderBy('documents.id')
    .execute();
  return rows
    .map((row) => ({
      // Parsed before it was stored.
      name: row.name as DocumentName,
      created: row.created_by === user,
      wrote: Number(row.bindings) > 0,
      deletedAt: row.deleted_at,
    }))
    .filter(({ created, wrote }) => created || wrote);
}

async function readVersions(database: Kysely<Schema>, tenant: Tenant, user: string): Promise<readonly NamedVersion[]> {
  const rows = await database
    .selectFrom('document_versions')
    .innerJoin('documents', 'documents.id', 'document_versions.document_id')
    .select(['documents.name', 'document_versions.id', 'label', 'seq', 'at as createdAt'])
    .where('documents.tenant', '=', tenant)
    .where('author', '=', user)
    .orderBy('at')
    .orderBy('document_versions.id')
    .execute();
  return rows.map((row) => ({ ...row, name: row.name as DocumentName }));
}

async function readPublications(
  database: Kysely<Schema>,
  tenant: Tenant,
  user: string,
): Promise<PersonRecords['publications']> {
  const rows = await database
    .selectFrom('publications')
    .innerJoin('documents', 'documents.id', 'publications.document_id')
    .select(['documents.name', 'publications.id', 'at'])
    .where('publications.tenant', '=', tenant)
    .where('author', '=', user)
    .orderBy('at')
    .orderBy('publications.id')
    .execute();
  return rows.map((row) => ({ ...row, name: row.name as DocumentName }));
}

async function readAudit(database: Kysely<Schema>, tenant: Tenant, user: string): Promise<readonly PersonAuditRow[]> {
  // What was done before an erasure is under a pseudonym that is nobody's.
  const since = Math.max(0, ...(await readErasures(database, tenant, user)).map((row) => row.lifted_at ?? Infinity));
  if (since === Infinity) return [];
  const rows = await database
    .selectFrom('audit_rows')
    .select(['seq', 'at', 'action', 'document', 'actor'])
    .where('tenant', '=', tenant)
    .where('at', '>=', since)
    .where((eb) => eb.or([eb('actor', '=', user), eb('subject', '=', `user:${user}`)]))
    .orderBy('seq', 'desc')
    .limit(AUDIT_ROWS)
    .execute();
  return rows.map(({ actor, ...row }) => ({ ...row, own: actor === user }));
}
