import { describe } from 'vitest';
import { missing, newDatabase, throughPooler } from '../services/shared-services.ts';
import { describeDocumentCatalog } from './document-catalog.contract.ts';
import { openPostgresStore } from './postgres-store.ts';
import { describeSnapshotPointers } from './snapshot-pointers.contract.ts';
import type { OpenStore } from './store-under-test.ts';
import { describeUpdateLog } from './update-log.contract.ts';

/** Opens one and the same database, each time it is called; it is made by the first call. */
function newStore(through: (url: string) => string = (url) => url): OpenStore {
  let database: Promise<string> | null = null;
  return async () => {
    database ??= newDatabase();
    const url = await database;
    return openPostgresStore(through(url), { directUrl: url });
  };
}

describe.skipIf(missing.postgres)('on PostgreSQL', () => {
  describeUpdateLog('PostgreSQL', newStore());
  describeSnapshotPointers('PostgreSQL', newStore());
  describeDocumentCatalog('PostgreSQL', newStore());
});

describe.skipIf(missing.postgres || missing.pooler)('through a pooler in transaction mode', () => {
  describeUpdateLog('PgBouncer', newStore(throughPooler));
  describeSnapshotPointers('PgBouncer', newStore(throughPooler));
  describeDocumentCatalog('PgBouncer', newStore(throughPooler));
});
