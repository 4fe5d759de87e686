import type { Tenant } from '@scriptorium/shared/document-name';
import type { Kysely, Transaction } from 'kysely';
import type { Act } from '../../ports/audit-log.ts';
import type { ErasedPeople, ErasedPerson, ErasureOrder, PastName, Readmission } from '../../ports/erased-people.ts';
import { recordAccessChanges } from './access-changes.ts';
import { appendAudit } from './append-audit.ts';
import { insertJob } from './job-store.ts';
import { type ErasureRow, hidePerson, makePersonHash, readErasures, readErasuresOf } from './person-hash.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Who was erased, on any SQL engine that Kysely speaks to. */
export function createErasedPeople({ database, readFor = readFreely(database) }: TenantStoreDeps): ErasedPeople {
  return {
    begin: (user, order) => database.transaction().execute((transaction) => begin(transaction, user, order)),
    find: (tenant, user) =>
      readFor(tenant, async (reads) => {
        const row = inForce(await readErasures(reads, tenant, user));
        return row === null ? null : toPerson(row);
      }),
    readNames: (tenant, users) => readFor(tenant, (reads) => readNames(reads, tenant, users)),
    readmit: (tenant, user, act) =>
      database.transaction().execute((transaction) => readmit(transaction, tenant, { user, act })),
  };
}

async function begin(
  transaction: Transaction<Schema>,
  user: string,
  order: ErasureOrder,
): ReturnType<ErasedPeople['begin']> {
  const hash = await makePersonHash(transaction, order.tenant, user);
  const known = inForce(await readErasures(transaction, order.tenant, user));
  if (known !== null && known.finished_at === null) return { person: toPerson(known), revision: null };
  const row = await putErasure(transaction, { hash, known, order });
  // Somebody else began it in the same moment.
  if (row.record_id !== order.recordId) return { person: toPerson(row), revision: null };
  const { tenant } = order;
  const keys = await takeAccess(transaction, user, order);
  // Who erases themselves is not named either.
  const by: Act = { user: order.user === user ? row.pseudonym : order.user, at: order.at };
  await putRecord(transaction, row, by);
  await putJob(transaction, { user, row, order });
  const detail = { erasure: order.recordId, content: order.content, finished: false };
  await appendAudit(transaction, tenant, [
    { ...by, action: 'user.erase', subject: `user:${row.pseudonym}`, detail },
    ...keys.map((id) => ({ ...by, action: 'key.revoke' as const, subject: `key:${id}` })),
  ]);
  const revision = await recordAccessChanges(transaction, tenant, [
    hidePerson(user),
    ...keys.map((id) => ({ kind: 'key' as const, id })),
  ]);
  return { person: toPerson(row), revision };
}

/** Makes the row, or begins the erasure of the one that there is anew; the row as it is then, whoever made it. */
async function putErasure(
  transaction: Transaction<Schema>,
  { hash, known, order }: { readonly hash: string; readonly known: ErasureRow | null; readonly order: ErasureOrder },
): Promise<ErasureRow> {
  const { tenant, pseudonym, recordId, jobId, at, user } = order;
  const progress = JSON.stringify(order.progress);
  const begun = { finished_at: null, record_id: recordId, job_id: jobId, erased_at: at, progress };
  if (known === null) {
    await transaction
      .insertInto('erased_people')
      .values({ tenant, pseudonym, person_hash: hash, ...begun, erased_by: user, lifted_at: null, revision: 1 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  } else {
    await transaction
      .updateTable('erased_people')
      .set((eb) => ({ ...begun, revision: eb('revision', '+', 1) }))
      .where('tenant', '=', tenant)
      .where('pseudonym', '=', known.pseudonym)
      .where('finished_at', 'is not', null)
      .execute();
  }
  return transaction
    .selectFrom('erased_people')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('person_hash', '=', hash)
    .where('lifted_at', 'is', null)
    .executeTakeFirstOrThrow();
}

/** Takes what they were given, and ends the keys that they made; the ids of these. */
async function takeAccess(
  transaction: Transaction<Schema>,
  user: string,
  { tenant, at }: ErasureOrder,
): Promise<readonly string[]> {
  await transaction
    .deleteFrom('grants')
    .where('tenant', '=', tenant)
    .where('subject_kind', '=', 'user')
    .where('subject_id', '=', user)
    .execute();
  const keys = await transaction
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('tenant', '=', tenant)
    .where('created_by', '=', user)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return keys.map(({ id }) => id);
}

async function putRecord(transaction: Transaction<Schema>, row: ErasureRow, by: Act): Promise<void> {
  const facts = { documentIds: [], counts: {}, pseudonym: row.pseudonym };
  await transaction
    .insertInto('erasure_records')
    .values({
      id: row.record_id,
      tenant: row.tenant,
      kind: 'person',
      subject_hash: row.person_hash,
      begun_at: by.at,
      begun_by: by.user,
      finished_at: null,
      facts: JSON.stringify(facts),
    })
    .execute();
}

/** The job is nobody's: it bears no name when it is done, whoever asked for it. */
async function putJob(
  transaction: Transaction<Schema>,
  { user, row, order }: { readonly user: string; readonly row: ErasureRow; readonly order: ErasureOrder },
): Promise<void> {
  const { tenant, jobId: id, content, at, expiresAt } = order;
  await insertJob(transaction, {
    id,
    kind: 'person-erasure',
    identity: {
      tenant,
      user: 'system',
      displayName: 'system',
      issuedAt: at,
      expiresAt: Infinity,
      role: 'none',
      documents: new Map(),
      groups: [],
      links: [],
      key: null,
      abilities: [],
    },
    requests: [JSON.stringify({ user, pseudonym: row.pseudonym, content })],
    at,
    expiresAt,
  });
}

async function readNames(
  database: Kysely<Schema>,
  tenant: Tenant,
  users: readonly string[],
): Promise<ReadonlyMap<string, readonly PastName[]>> {
  const erasures = await readErasuresOf(database, tenant, users);
  const names = new Map<string, readonly PastName[]>();
  for (const [user, rows] of erasures) {
    const past = rows.map((row) => ({ pseudonym: row.pseudonym, until: row.lifted_at ?? Infinity }));
    names.set(
      user,
      past.toSorted((left, right) => (left.until < right.until ? -1 : 1)),
    );
  }
  return names;
}

async function readmit(
  transaction: Transaction<Schema>,
  tenant: Tenant,
  { user, act }: { readonly user: string; readonly act: Act },
): Promise<Readmission> {
  // A copy may have brought another one along, under another key.
  const known = (await readErasures(transaction, tenant, user)).filter((row) => row.lifted_at === null);
  if (known.length === 0) return { kind: 'absent' };
  if (known.some((row) => row.finished_at === null)) return { kind: 'unfinished' };
  const names = known.map(({ pseudonym }) => pseudonym);
  const lifted = await transaction
    .updateTable('erased_people')
    .set({ lifted_at: act.at })
    .where('tenant', '=', tenant)
    .where('pseudonym', 'in', names)
    .where('lifted_at', 'is', null)
    .where('finished_at', 'is not', null)
    .returning('pseudonym')
    .execute();
  // Begun anew in the same moment.
  if (lifted.length === 0) return { kind: 'unfinished' };
  const subjects = lifted.map(({ pseudonym }) => `user:${pseudonym}`);
  const entries = subjects.map((subject) => ({ ...act, action: 'user.readmit', subject }) as const);
  await appendAudit(transaction, tenant, entries);
  return { kind: 'readmitted', revision: await recordAccessChanges(transaction, tenant, [hidePerson(user)]) };
}

function inForce(rows: readonly ErasureRow[]): ErasureRow | null {
  return rows.find((row) => row.lifted_at === null) ?? null;
}

/** A row as the port shows it. */
export function toPerson(row: ErasureRow): ErasedPerson {
  return {
    // Parsed before it was stored.
    tenant: row.tenant as Tenant,
    pseudonym: row.pseudonym,
    erasedAt: row.erased_at,
    finishedAt: row.finished_at,
    recordId: row.record_id,
  };
}
