import { type Kysely, sql, type Transaction } from 'kysely';
import type { ObjectRegister } from '../../ports/object-register.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { OBJECT_STATE, type Schema } from './schema.ts';

/** The register of objects on any SQL engine. */
export function createObjectRegister({ database }: { readonly database: Kysely<Schema> }): ObjectRegister {
  return {
    register: async (documentId, key, expiresAt) => {
      await database
        .insertInto('object_register')
        .values({ key, document_id: documentId, expires_at: expiresAt, state: OBJECT_STATE.registered })
        .execute();
    },
    takeExpired: (taking) => takeExpired(database, taking),
    listUnnamed: async (documentId, after, limit) => {
      const rows = await database
        .selectFrom('object_register')
        .select('key')
        .where('document_id', '=', documentId)
        .where('state', '<>', OBJECT_STATE.named)
        .where('key', '>', after)
        .orderBy('key')
        .limit(limit)
        .execute();
      return rows.map(({ key }) => key);
    },
    take: async (key, retryAt) => {
      const taken = await database
        .updateTable('object_register')
        .set({ state: OBJECT_STATE.taken, expires_at: retryAt })
        .where('key', '=', key)
        .where('state', '<>', OBJECT_STATE.named)
        .executeTakeFirst();
      return taken.numUpdatedRows > 0n;
    },
    forget: async (keys) => {
      if (keys.length === 0) return;
      await database
        .deleteFrom('object_register')
        .where('key', 'in', keys)
        .where('state', '=', OBJECT_STATE.taken)
        .execute();
    },
  };
}

async function takeExpired(
  database: Kysely<Schema>,
  { now, retryAt, limit }: Parameters<ObjectRegister['takeExpired']>[0],
): Promise<readonly string[]> {
  const taken = await database
    .updateTable('object_register')
    .set({ state: OBJECT_STATE.taken, expires_at: retryAt })
    .where('key', 'in', (expired) =>
      expired
        .selectFrom('object_register')
        .select('key')
        // A literal, so that the partial index on what nothing names can serve the query.
        .where('state', '<>', sql.lit(OBJECT_STATE.named))
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(limit),
    )
    // Once more for the row itself: it may have been named, or taken by another node, while this one waited for it.
    .where('state', '<>', sql.lit(OBJECT_STATE.named))
    .where('expires_at', '<', now)
    .returning('key')
    .execute();
  return taken.map(({ key }) => key);
}

/** Names a registered key, which keeps sweepers off it; false when it is not there to be named, or was taken. */
export async function nameObject(
  transaction: Transaction<Schema>,
  documentId: DocumentId,
  key: string,
): Promise<boolean> {
  const result = await transaction
    .updateTable('object_register')
    .set({ state: OBJECT_STATE.named })
    .where('key', '=', key)
    .where('document_id', '=', documentId)
    .where('state', '=', OBJECT_STATE.registered)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Takes the name from keys that nothing points at any more; sweepers may have them from the time on. */
export async function releaseObjects(
  transaction: Transaction<Schema>,
  keys: readonly (string | null)[],
  removableAt: number,
): Promise<void> {
  const released = keys.filter((key) => key !== null);
  if (released.length === 0) return;
  await transaction
    .updateTable('object_register')
    .set({ state: OBJECT_STATE.registered, expires_at: removableAt })
    .where('key', 'in', released)
    .where('state', '=', OBJECT_STATE.named)
    .execute();
}
