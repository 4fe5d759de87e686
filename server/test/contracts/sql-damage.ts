import type { Kysely } from 'kysely';
import type { Schema } from '../../src/adapters/sql/schema.ts';
import type { StoreDamage } from './store-under-test.ts';
import type { VersionedStore } from './versioned-store.ts';

/** A store on SQL, whose tables a test may look into. */
export interface SqlStoreUnderTest extends VersionedStore {
  readonly database: Kysely<Schema>;
}

/** Damage done by statements that no adapter would send. */
export function createSqlDamage(database: Kysely<Schema>): StoreDamage {
  return {
    readEpoch: async (documentId) => {
      const head = database.selectFrom('document_heads').select('epoch').where('document_id', '=', documentId);
      return (await head.executeTakeFirstOrThrow()).epoch;
    },
    setEpoch: async (documentId, epoch) => {
      await database.updateTable('document_heads').set({ epoch }).where('document_id', '=', documentId).execute();
    },
    addRowAboveHead: async (documentId) => {
      const rows = database.selectFrom('log_rows').selectAll().where('document_id', '=', documentId);
      const row = await rows.orderBy('seq', 'desc').executeTakeFirstOrThrow();
      await database
        .insertInto('log_rows')
        .values({ ...row, seq: row.seq + 1 })
        .execute();
    },
    dropRow: async (documentId, seq) => {
      await database.deleteFrom('log_rows').where('document_id', '=', documentId).where('seq', '=', seq).execute();
    },
    dropSnapshots: async (documentId) => {
      await database.deleteFrom('snapshots').where('document_id', '=', documentId).execute();
    },
  };
}
