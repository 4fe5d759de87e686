import type { Kysely } from 'kysely';
import type { ClaimOutcome, RequestClaim, RequestKey, RequestLedger } from '../../ports/request-ledger.ts';
import type { Schema } from './schema.ts';

const NO_INTENT = { intent: null, document_id: null } as const;

/** The ledger on any SQL engine that Kysely speaks to; each step is one statement that holds for itself. */
export function createRequestLedger({ database }: { readonly database: Kysely<Schema> }): RequestLedger {
  return {
    claim: (key, claim) => claimRequest(database, key, claim),
    intend: async (key, claim, { documentId, bytes }) => {
      const change = { intent: bytes, document_id: documentId };
      const result = await updateOwn(database, key, claim).set(change).executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    answer: async (key, claim, answer) => {
      await updateOwn(database, key, claim)
        .set({ answer, ...NO_INTENT })
        .execute();
    },
    release: async (key, claim, intent) => {
      const dropped = intent === 'dropped' ? NO_INTENT : {};
      await updateOwn(database, key, claim)
        .set({ claimed_until: 0, ...dropped })
        .execute();
    },
    expire: async (now) => {
      await database.deleteFrom('idempotent_requests').where('expires_at', '<=', now).execute();
    },
  };
}

async function claimRequest(database: Kysely<Schema>, key: RequestKey, by: RequestClaim): Promise<ClaimOutcome> {
  const inserted = await database
    .insertInto('idempotent_requests')
    .values({
      tenant: key.tenant,
      user_id: key.user,
      key: key.key,
      fingerprint: by.fingerprint,
      claim: by.claim,
      claimed_until: by.until,
      created_at: by.at,
      expires_at: by.expiresAt,
      ...NO_INTENT,
      answer: null,
    })
    .onConflict((conflict) => conflict.columns(['tenant', 'user_id', 'key']).doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n)
    return { kind: 'claimed', createdAt: by.at, resumed: false, intent: null };
  return takeOver(database, key, by);
}

async function takeOver(database: Kysely<Schema>, key: RequestKey, by: RequestClaim): Promise<ClaimOutcome> {
  const row = await database
    .selectFrom('idempotent_requests')
    .select(['fingerprint', 'claim', 'claimed_until', 'created_at', 'expires_at', 'intent', 'answer'])
    .where('tenant', '=', key.tenant)
    .where('user_id', '=', key.user)
    .where('key', '=', key.key)
    .executeTakeFirst();
  // It expired between the two statements; the sender asks again.
  if (row === undefined) return { kind: 'in-progress' };
  if (row.expires_at <= by.at) return renew(database, key, { by, before: row.claim });
  if (row.fingerprint !== by.fingerprint) return { kind: 'reused' };
  if (row.answer !== null) return { kind: 'answered', answer: row.answer };
  if (row.claimed_until > by.at) return { kind: 'in-progress' };
  const taken = await updateOwn(database, key, row.claim)
    .set({ claim: by.claim, claimed_until: by.until })
    .where('claimed_until', '<=', by.at)
    .executeTakeFirst();
  if (taken.numUpdatedRows === 0n) return { kind: 'in-progress' };
  return { kind: 'claimed', createdAt: row.created_at, resumed: true, intent: row.intent };
}

/** A key whose time is over, and that was not swept yet, begins anew. */
async function renew(
  database: Kysely<Schema>,
  key: RequestKey,
  { by, before }: { readonly by: RequestClaim; readonly before: string },
): Promise<ClaimOutcome> {
  const taken = await updateOwn(database, key, before)
    .set({
      fingerprint: by.fingerprint,
      claim: by.claim,
      claimed_until: by.until,
      created_at: by.at,
      expires_at: by.expiresAt,
      ...NO_INTENT,
      answer: null,
    })
    .executeTakeFirst();
  return taken.numUpdatedRows > 0n
    ? { kind: 'claimed', createdAt: by.at, resumed: false, intent: null }
    : { kind: 'in-progress' };
}

function updateOwn(database: Kysely<Schema>, { tenant, user, key }: RequestKey, claim: string) {
  return database
    .updateTable('idempotent_requests')
    .where('tenant', '=', tenant)
    .where('user_id', '=', user)
    .where('key', '=', key)
    .where('claim', '=', claim);
}
