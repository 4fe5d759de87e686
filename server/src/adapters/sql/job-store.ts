import type { Tenant } from '@scriptorium/shared/document-name';
import type { Kysely, Transaction } from 'kysely';
import type { ClaimedJob, Job, JobClaim, JobItem, JobKind, JobStore, NewJob } from '../../ports/job-store.ts';
import type { Identity } from '../../ports/token-verifier.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';
import type { JobItemsTable, JobsTable } from './writes-schema.ts';

/** How often a claim is tried while other nodes are faster. */
const CLAIM_TRIES = 5;
const PAGE = 50;
const NO_INTENT = { intent: null, document_id: null } as const;

/** Jobs on any SQL engine that Kysely speaks to. */
export function createJobStore({ database, readFor = readFreely(database) }: TenantStoreDeps): JobStore {
  return {
    create: (job) => database.transaction().execute((transaction) => insertJob(transaction, job)),
    read: (tenant, user, id, now) =>
      readFor(tenant, async (reads) => {
        const row = await reads
          .selectFrom('jobs')
          .selectAll()
          .where('id', '=', id)
          .where('tenant', '=', tenant)
          .where('user_id', '=', user)
          .where('kind', '=', 'changes' satisfies JobKind)
          .executeTakeFirst();
        return row === undefined ? null : toJob(reads, row, now);
      }),
    claim: (by) => claimJob(database, by),
    renew: async ({ id, claim }, until) => {
      const { numUpdatedRows } = await database
        .updateTable('jobs')
        .set({ claimed_until: until })
        .where('id', '=', id)
        .where('claim', '=', claim)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    intend: (own, place, { documentId, bytes }) =>
      setItem(database, own, { place, change: { intent: bytes, document_id: documentId } }),
    // What was asked for holds content, which may have to be erased; the outcome holds none.
    settle: (own, place, outcome) => setItem(database, own, { place, change: { outcome, request: '', ...NO_INTENT } }),
    release: async ({ id, claim }, as) => {
      const change = as.kind === 'finished' ? { finished_at: as.at, claimed_until: 0 } : { claimed_until: as.until };
      await database
        .updateTable('jobs')
        .set({ claim: null, ...change })
        .where('id', '=', id)
        .where('claim', '=', claim)
        .execute();
    },
    expire: (now) =>
      database.transaction().execute(async (transaction) => {
        const over = transaction.selectFrom('jobs').select('id').where('expires_at', '<=', now);
        await transaction.deleteFrom('job_items').where('job_id', 'in', over).execute();
        await transaction.deleteFrom('jobs').where('expires_at', '<=', now).execute();
      }),
  };
}

/** Makes a job within the transaction that asks for it. */
export async function insertJob(transaction: Transaction<Schema>, job: NewJob): Promise<void> {
  const { id, kind, identity, requests, at, expiresAt } = job;
  const items = requests.map((request, place) => ({ job_id: id, place, request, ...NO_INTENT, outcome: null }));
  await transaction
    .insertInto('jobs')
    .values({
      id,
      tenant: identity.tenant,
      user_id: identity.user,
      kind,
      identity: encodeIdentity(identity),
      created_at: at,
      finished_at: null,
      expires_at: expiresAt,
      claim: null,
      claimed_until: 0,
    })
    .execute();
  for (let start = 0; start < items.length; start += PAGE) {
    await transaction
      .insertInto('job_items')
      .values(items.slice(start, start + PAGE))
      .execute();
  }
}

async function claimJob(
  database: Kysely<Schema>,
  by: { readonly claim: string; readonly at: number; readonly until: number },
): Promise<ClaimedJob | null> {
  for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
    const row = await database
      .selectFrom('jobs')
      .selectAll()
      .where('finished_at', 'is', null)
      .where('claimed_until', '<=', by.at)
      .where('expires_at', '>', by.at)
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return null;
    const { numUpdatedRows } = await database
      .updateTable('jobs')
      .set({ claim: by.claim, claimed_until: by.until })
      .where('id', '=', row.id)
      .where('finished_at', 'is', null)
      .where('claimed_until', '<=', by.at)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) continue;
    return { ...(await toJob(database, row, by.at)), isClaimed: true, identity: decodeIdentity(row.identity) };
  }
  return null;
}

async function setItem(
  database: Kysely<Schema>,
  { id, claim }: JobClaim,
  { place, change }: { readonly place: number; readonly change: Partial<Omit<JobItemsTable, 'job_id' | 'place'>> },
): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable('job_items')
    .set(change)
    .where('job_id', '=', id)
    .where('place', '=', place)
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('jobs').select('jobs.id').where('jobs.id', '=', id).where('jobs.claim', '=', claim)),
    )
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function toJob(database: Kysely<Schema>, row: JobsTable, now: number): Promise<Job> {
  const items = await database
    .selectFrom('job_items')
    .selectAll()
    .where('job_id', '=', row.id)
    .orderBy('place')
    .execute();
  return {
    id: row.id,
    kind: row.kind as JobKind,
    // It was parsed before it was stored.
    tenant: row.tenant as Tenant,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    isClaimed: row.claimed_until > now,
    items: items.map(({ place, request, intent, outcome }): JobItem => ({ place, request, intent, outcome })),
  };
}

/** An identity as text: what JSON has no word for stands as a list, or as null. */
function encodeIdentity(identity: Identity): string {
  const { documents, expiresAt, ...rest } = identity;
  return JSON.stringify({ ...rest, documents: [...documents], expiresAt: expiresAt === Infinity ? null : expiresAt });
}

function decodeIdentity(text: string): Identity {
  // It was written by `encodeIdentity`.
  const stored = JSON.parse(text) as Omit<Identity, 'documents' | 'expiresAt'> & {
    readonly documents: readonly (readonly [string, Identity['role']])[];
    readonly expiresAt: number | null;
  };
  return { ...stored, documents: new Map(stored.documents), expiresAt: stored.expiresAt ?? Infinity };
}
