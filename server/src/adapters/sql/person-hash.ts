import { createHmac, randomBytes } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { HiddenPerson } from '../../ports/access-changes.ts';
import type { ErasedPeopleTable } from './erased-schema.ts';
import type { Schema } from './schema.ts';

const KEY_BYTES = 32;
/** Hashes asked for in one statement, below every engine's limit on parameters. */
const HASHES_PER_QUERY = 500;

/** The place of the key that a tenant's own erasures use. */
const OWN = 0;

export type ErasureRow = Selectable<ErasedPeopleTable>;

/** What a row says instead of the id. */
function hashPerson(secret: Uint8Array, tenant: string, user: string): string {
  return createHmac('sha256', secret).update(`${tenant}\0${user}`).digest('hex');
}

/** The hash of somebody who is about to be erased; the tenant's key is made with the first. */
export async function makePersonHash(transaction: Transaction<Schema>, tenant: Tenant, user: string): Promise<string> {
  await transaction
    .insertInto('erasure_keys')
    .values({ tenant, place: OWN, secret: randomBytes(KEY_BYTES) })
    .onConflict((conflict) => conflict.columns(['tenant', 'place']).doNothing())
    .execute();
  const { secret } = await transaction
    .selectFrom('erasure_keys')
    .select('secret')
    .where('tenant', '=', tenant)
    .where('place', '=', OWN)
    .executeTakeFirstOrThrow();
  return hashPerson(secret, tenant, user);
}

/** Every erasure of one user, the oldest first. */
export async function readErasures(
  database: Kysely<Schema>,
  tenant: Tenant,
  user: string,
): Promise<readonly ErasureRow[]> {
  return (await readErasuresOf(database, tenant, [user])).get(user) ?? [];
}

/** The same for many: only those are in the answer who were ever erased. A tenant without an erasure costs one read. */
export async function readErasuresOf(
  database: Kysely<Schema>,
  tenant: Tenant,
  users: readonly string[],
): Promise<ReadonlyMap<string, readonly ErasureRow[]>> {
  const found = new Map<string, ErasureRow[]>();
  const keys = await database.selectFrom('erasure_keys').select('secret').where('tenant', '=', tenant).execute();
  if (keys.length === 0 || users.length === 0) return found;
  const owners = new Map<string, string>();
  for (const user of users) for (const { secret } of keys) owners.set(hashPerson(secret, tenant, user), user);
  const hashes = [...owners.keys()];
  for (let from = 0; from < hashes.length; from += HASHES_PER_QUERY) {
    const rows = await database
      .selectFrom('erased_people')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('person_hash', 'in', hashes.slice(from, from + HASHES_PER_QUERY))
      .orderBy('erased_at')
      .execute();
    for (const row of rows) {
      const user = owners.get(row.person_hash);
      if (user !== undefined) found.set(user, [...(found.get(user) ?? []), row]);
    }
  }
  return found;
}

/** How the list of changes tells of somebody whom it must not name. */
export function hidePerson(user: string): HiddenPerson {
  const key = randomBytes(KEY_BYTES / 2);
  return { kind: 'person', key: key.toString('hex'), digest: createHmac('sha256', key).update(user).digest('hex') };
}
