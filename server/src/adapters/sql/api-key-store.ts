import type { Tenant } from '@scriptorium/shared/document-name';
import type { Ability, Role } from '@scriptorium/shared/roles';
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Act, AuditEntry } from '../../ports/audit-log.ts';
import type { ApiKey, ApiKeyPage, ApiKeyStore } from '../../ports/api-key-store.ts';
import { recordAccessChanges } from './access-changes.ts';
import { appendAudit } from './append-audit.ts';
import type { ApiKeysTable } from './access-schema.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Machines' keys on any SQL engine that Kysely speaks to; each change is one transaction. */
export function createApiKeyStore({ database, readFor = readFreely(database) }: TenantStoreDeps): ApiKeyStore {
  const change = <T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> =>
    database.transaction().execute(work);
  return {
    add: (key, secretHash) =>
      change(async (transaction) => {
        await transaction.insertInto('api_keys').values(toRow(key, secretHash)).execute();
        await appendAudit(transaction, key.tenant, [describeCreation(key)]);
      }),
    find: async (id) => {
      const row = await database.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined) return null;
      return { key: toKey(row), secrets: { current: row.secret_hash, previous: row.previous_hash } };
    },
    read: (tenant, id) =>
      readFor(tenant, async (reads) => {
        const rows = reads.selectFrom('api_keys').selectAll().where('tenant', '=', tenant).where('id', '=', id);
        const row = await rows.executeTakeFirst();
        return row === undefined ? null : toKey(row);
      }),
    list: (tenant, page) => readFor(tenant, (reads) => listKeys(reads, tenant, page)),
    rotate: (tenant, id, { hash, previousEndsAt }, act) =>
      change((transaction) =>
        changeKey(transaction, { tenant, entry: toEntry(act, 'key.rotate', id), id }, (keys) =>
          keys.set((eb) => ({
            secret_hash: hash,
            previous_hash: eb.ref('secret_hash'),
            previous_ends_at: previousEndsAt,
          })),
        ),
      ),
    revoke: (tenant, id, act) =>
      change((transaction) =>
        changeKey(transaction, { tenant, entry: toEntry(act, 'key.revoke', id), id }, (keys) =>
          keys.set({ revoked_at: act.at }),
        ),
      ),
    noteUse: async (uses) => {
      for (const [id, at] of uses) await change((transaction) => noteUse(transaction, id, at));
    },
  };
}

function updateKeys(transaction: Transaction<Schema>) {
  return transaction.updateTable('api_keys');
}

/** Changes a key that is not revoked, and says so in the list of changes. */
async function changeKey(
  transaction: Transaction<Schema>,
  { tenant, id, entry }: { readonly tenant: Tenant; readonly id: string; readonly entry: AuditEntry },
  set: (keys: ReturnType<typeof updateKeys>) => ReturnType<typeof updateKeys>,
): Promise<number | null> {
  const { numUpdatedRows } = await set(updateKeys(transaction))
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return null;
  await appendAudit(transaction, tenant, [entry]);
  return recordAccessChanges(transaction, tenant, [{ kind: 'key', id }]);
}

function toEntry(act: Act, action: 'key.rotate' | 'key.revoke', id: string): AuditEntry {
  return { ...act, action, subject: `key:${id}` };
}

function describeCreation(key: ApiKey): AuditEntry {
  const { id, role, label, abilities, expiresAt } = key;
  const documents = [...key.documents].map(([resource, of]) => `${resource}=${of}`);
  const detail = { label, role, abilities, documents, expiresAt };
  return { user: key.createdBy, at: key.createdAt, action: 'key.create', subject: `key:${id}`, detail };
}

/** A use that is later than any noted one, with its row in the audit log. */
async function noteUse(transaction: Transaction<Schema>, id: string, at: number): Promise<void> {
  const used = await updateKeys(transaction)
    .set({ last_used_at: at })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
    .returning('tenant')
    .executeTakeFirst();
  if (used === undefined) return;
  const user = `key:${id}`;
  await appendAudit(transaction, used.tenant, [{ user, at, action: 'key.use', subject: user }]);
}

async function listKeys(
  database: Kysely<Schema>,
  tenant: Tenant,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): Promise<ApiKeyPage> {
  const after = cursor === null ? null : decodeListCursor(cursor, ['number', 'string']);
  const rows = await database
    .selectFrom('api_keys')
    .selectAll()
    .where('tenant', '=', tenant)
    .$if(after !== null, (rest) => rest.where(sql<boolean>`(created_at, id) < (${after?.[0]}, ${after?.[1]})`))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const keys = rows.slice(0, limit).map(toKey);
  const last = keys.at(-1);
  const isMore = rows.length > keys.length && last !== undefined;
  return { keys, nextCursor: isMore ? encodeListCursor([last.createdAt, last.id]) : null };
}

function toRow(key: ApiKey, secretHash: string): ApiKeysTable {
  return {
    id: key.id,
    tenant: key.tenant,
    label: key.label,
    role: key.role,
    documents: JSON.stringify([...key.documents]),
    abilities: JSON.stringify(key.abilities),
    secret_hash: secretHash,
    previous_hash: null,
    previous_ends_at: key.previousEndsAt,
    created_at: key.createdAt,
    created_by: key.createdBy,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
    last_used_at: key.lastUsedAt,
  };
}

/** What is read here was parsed before it was stored. */
function toKey(row: Selectable<ApiKeysTable>): ApiKey {
  return {
    id: row.id,
    tenant: row.tenant as Tenant,
    label: row.label,
    role: row.role,
    documents: new Map(JSON.parse(row.documents) as [string, Role][]),
    abilities: JSON.parse(row.abilities) as Ability[],
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    previousEndsAt: row.previous_ends_at,
  };
}
