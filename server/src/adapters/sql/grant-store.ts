import type { Tenant } from '@scriptorium/shared/document-name';
import type { GrantResource } from '@scriptorium/shared/grant-resource';
import { formatSubject, type GrantSubject } from '@scriptorium/shared/grant-subject';
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Act } from '../../ports/audit-log.ts';
import type { GrantPage, GrantQuery, GrantStore, StoredGrant, StoredStanding } from '../../ports/grant-store.ts';
import { readAccessRevision, recordAccessChanges } from './access-changes.ts';
import { appendAudit } from './append-audit.ts';
import type { GrantsTable } from './access-schema.ts';
import { readErasures } from './person-hash.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Subjects asked for in one statement, below every engine's limit on parameters. */
const SUBJECTS_PER_QUERY = 200;

/** Stored grants on any SQL engine that Kysely speaks to; each change is one transaction. */
export function createGrantStore({ database, readFor = readFreely(database) }: TenantStoreDeps): GrantStore {
  const change = <T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> =>
    database.transaction().execute(work);
  return {
    set: (tenant, grant) =>
      change(async (transaction) => {
        if (grant.subject.kind === 'user') await refuseErased(transaction, tenant, grant.subject.id);
        await putGrant(transaction, tenant, grant);
        await auditGrant(transaction, tenant, grant);
        return recordAccessChanges(transaction, tenant, [grant.subject]);
      }),
    addLink: (tenant, grant, secretHash) =>
      change(async (transaction) => {
        await transaction
          .insertInto('grant_links')
          .values({ id: grant.subject.id, tenant, secret_hash: secretHash })
          .execute();
        await putGrant(transaction, tenant, grant);
        await auditGrant(transaction, tenant, grant);
        return recordAccessChanges(transaction, tenant, [grant.subject]);
      }),
    revoke: (tenant, subject, resource, act) =>
      change((transaction) => revokeGrant(transaction, tenant, { subject, resource, act })),
    revokeUser: (tenant, user, act) => change((transaction) => revokeUser(transaction, tenant, { user, act })),
    list: (query) => readFor(query.tenant, (reads) => listGrants(reads, query)),
    readStanding: (tenant, user, subjects) =>
      readFor(tenant, (reads) => readStanding(reads, tenant, { user, subjects })),
    findLink: async (id) => {
      const row = await database.selectFrom('grant_links').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : { tenant: row.tenant as Tenant, secretHash: row.secret_hash };
    },
  };
}

async function putGrant(transaction: Transaction<Schema>, tenant: Tenant, grant: StoredGrant): Promise<void> {
  const { role, createdAt, createdBy, expiresAt } = grant;
  const given = { role, expires_at: expiresAt, created_at: createdAt, created_by: createdBy };
  await transaction
    .insertInto('grants')
    .values({
      tenant,
      subject_kind: grant.subject.kind,
      subject_id: grant.subject.id,
      resource: grant.resource,
      ...given,
    })
    .onConflict((conflict) => conflict.columns(['tenant', 'subject_kind', 'subject_id', 'resource']).doUpdateSet(given))
    .execute();
}

function auditGrant(transaction: Transaction<Schema>, tenant: Tenant, grant: StoredGrant): Promise<void> {
  const { createdBy: user, createdAt: at, subject, resource, role, expiresAt } = grant;
  const action = subject.kind === 'link' ? 'link.create' : 'grant.set';
  return appendAudit(transaction, tenant, [
    { user, at, action, document: resource, subject: formatSubject(subject), detail: { role, expiresAt } },
  ]);
}

async function revokeGrant(
  transaction: Transaction<Schema>,
  tenant: Tenant,
  change: { readonly subject: GrantSubject; readonly resource: GrantResource; readonly act: Act },
): Promise<number | null> {
  const { subject, resource, act } = change;
  const { numDeletedRows } = await transaction
    .deleteFrom('grants')
    .where('tenant', '=', tenant)
    .where('subject_kind', '=', subject.kind)
    .where('subject_id', '=', subject.id)
    .where('resource', '=', resource)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return null;
  if (subject.kind === 'link') await transaction.deleteFrom('grant_links').where('id', '=', subject.id).execute();
  await appendAudit(transaction, tenant, [
    { ...act, action: 'grant.revoke', document: resource, subject: formatSubject(subject) },
  ]);
  return recordAccessChanges(transaction, tenant, [subject]);
}

async function revokeUser(
  transaction: Transaction<Schema>,
  tenant: Tenant,
  { user, act }: { readonly user: string; readonly act: Act },
): Promise<number> {
  await refuseErased(transaction, tenant, user);
  await transaction
    .deleteFrom('grants')
    .where('tenant', '=', tenant)
    .where('subject_kind', '=', 'user')
    .where('subject_id', '=', user)
    .execute();
  await transaction
    .insertInto('user_revocations')
    .values({ tenant, user_id: user, void_until: act.at })
    .onConflict((conflict) => conflict.columns(['tenant', 'user_id']).doUpdateSet({ void_until: act.at }))
    .execute();
  await appendAudit(transaction, tenant, [{ ...act, action: 'user.revoke', subject: `user:${user}` }]);
  return recordAccessChanges(transaction, tenant, [{ kind: 'user', id: user }]);
}

/** What is written about somebody who was erased would name them again. */
async function refuseErased(transaction: Transaction<Schema>, tenant: Tenant, user: string): Promise<void> {
  const erasures = await readErasures(transaction, tenant, user);
  if (erasures.some((erasure) => erasure.lifted_at === null))
    throw new ScriptoriumError('bad-request', 'this person was erased, and has to be readmitted first');
}

async function listGrants(database: Kysely<Schema>, query: GrantQuery): Promise<GrantPage> {
  const { tenant, resource, subject, cursor, limit } = query;
  const after = cursor === null ? null : decodeListCursor(cursor, ['string', 'string', 'string']);
  const rows = await database
    .selectFrom('grants')
    .selectAll()
    .where('tenant', '=', tenant)
    .$if(resource !== null, (rest) => rest.where('resource', '=', resource ?? ''))
    .$if(subject !== null, (rest) =>
      rest.where('subject_kind', '=', subject?.kind ?? 'user').where('subject_id', '=', subject?.id ?? ''),
    )
    .$if(after !== null, (rest) =>
      rest.where(sql<boolean>`(resource, subject_kind, subject_id) > (${after?.[0]}, ${after?.[1]}, ${after?.[2]})`),
    )
    .orderBy('resource')
    .orderBy('subject_kind')
    .orderBy('subject_id')
    .limit(limit + 1)
    .execute();
  const grants = rows.slice(0, limit).map(toGrant);
  const last = grants.at(-1);
  const isMore = rows.length > grants.length && last !== undefined;
  return { grants, nextCursor: isMore ? encodeListCursor([last.resource, last.subject.kind, last.subject.id]) : null };
}

async function readStanding(
  database: Kysely<Schema>,
  tenant: Tenant,
  { user, subjects }: { readonly user: string; readonly subjects: readonly GrantSubject[] },
): Promise<StoredStanding> {
  // The number before the rows: what is committed in between is in the rows or announced by a higher number.
  const revision = await readAccessRevision(database);
  const revocation = await database
    .selectFrom('user_revocations')
    .select('void_until')
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .executeTakeFirst();
  const erasures = await readErasures(database, tenant, user);
  const grants: StoredGrant[] = [];
  for (const [kind, ids] of groupByKind(subjects)) {
    for (let from = 0; from < ids.length; from += SUBJECTS_PER_QUERY) {
      const rows = await database
        .selectFrom('grants')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('subject_kind', '=', kind)
        .where('subject_id', 'in', ids.slice(from, from + SUBJECTS_PER_QUERY))
        .execute();
      grants.push(...rows.map(toGrant));
    }
  }
  return {
    revision,
    // Whoever comes back after an erasure begins with a new token.
    tokensVoidUntil: Math.max(revocation?.void_until ?? 0, ...erasures.map((erasure) => erasure.erased_at)),
    isErased: erasures.some((erasure) => erasure.lifted_at === null),
    grants,
  };
}

function groupByKind(subjects: readonly GrantSubject[]): ReadonlyMap<GrantSubject['kind'], readonly string[]> {
  const kinds = new Map<GrantSubject['kind'], string[]>();
  for (const { kind, id } of subjects) kinds.set(kind, [...(kinds.get(kind) ?? []), id]);
  return kinds;
}

/** A row as the port shows it. */
export function toGrant(row: Selectable<GrantsTable>): StoredGrant {
  return {
    subject: { kind: row.subject_kind, id: row.subject_id },
    // Parsed before it was stored.
    resource: row.resource as GrantResource,
    role: row.role,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
