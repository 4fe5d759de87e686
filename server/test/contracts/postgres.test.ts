import { describe } from 'vitest';
import { missing, newDatabase, throughPooler } from '../services/shared-services.ts';
import { describeApiKeyStore } from './api-key-store.contract.ts';
import { describeDeliveryQueue } from './delivery-queue.contract.ts';
import { describeAuditLog } from './audit-log.contract.ts';
import { describeAuthorshipStore } from './authorship-store.contract.ts';
import { describeDocumentCatalog } from './document-catalog.contract.ts';
import { describeErasedContent } from './erased-content.contract.ts';
import { describeErasedPeople } from './erased-people.contract.ts';
import { describeErasureStore } from './erasure-store.contract.ts';
import { describeGrantStore } from './grant-store.contract.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { describeHistoryIndex } from './history-index.contract.ts';
import { describeLogUpkeep } from './log-upkeep.contract.ts';
import { describeObjectRegister } from './object-register.contract.ts';
import { describeDocumentVersions } from './document-versions.contract.ts';
import { describePublications } from './publications.contract.ts';
import { describeOutbox } from './outbox.contract.ts';
import { describeProgramWrites, describeSeededDocuments } from './program-writes.contract.ts';
import { describeRowQuarantine } from './row-quarantine.contract.ts';
import { describeSearchFollowers } from './search-followers.contract.ts';
import { describeSnapshotIndex } from './snapshot-index.contract.ts';
import { describeToldChanges } from './told-changes.contract.ts';
import { describeTenantUsage } from './tenant-usage.contract.ts';
import { describeUpdateLog } from './update-log.contract.ts';

/** Opens one and the same database, each time it is called; it is made by the first call. */
function newStore(through: (url: string) => string = (url) => url): () => Promise<PostgresStoreUnderTest> {
  let database: Promise<string> | null = null;
  return async () => {
    database ??= newDatabase();
    const url = await database;
    return openPostgresStore(through(url), { directUrl: url });
  };
}

describe.skipIf(missing.postgres)('on PostgreSQL', () => {
  describeUpdateLog('PostgreSQL', newStore());
  describeSnapshotIndex('PostgreSQL', newStore());
  describeObjectRegister('PostgreSQL', newStore());
  describeHistoryIndex('PostgreSQL', newStore());
  describeLogUpkeep('PostgreSQL', newStore());
  describeRowQuarantine('PostgreSQL', newStore());
  describeAuthorshipStore('PostgreSQL', newStore());
  describeSearchFollowers('PostgreSQL', newStore());
  describeDocumentVersions('PostgreSQL', newStore());
  describePublications('PostgreSQL', newStore());
  describeDocumentCatalog('PostgreSQL', newStore());
  describeTenantUsage('PostgreSQL', newStore());
  describeSeededDocuments('PostgreSQL', newStore());
  describeProgramWrites('PostgreSQL', newStore());
  describeGrantStore('PostgreSQL', newStore());
  describeApiKeyStore('PostgreSQL', newStore());
  describeOutbox('PostgreSQL', newStore());
  describeDeliveryQueue('PostgreSQL', newStore());
  describeErasureStore('PostgreSQL', newStore());
  describeErasedPeople('PostgreSQL', newStore(), 5);
  describeErasedContent('PostgreSQL', newStore());
  describeAuditLog('PostgreSQL', newStore());
  describeToldChanges('PostgreSQL', newStore());
});

describe.skipIf(missing.postgres || missing.pooler)('through a pooler in transaction mode', () => {
  describeUpdateLog('PgBouncer', newStore(throughPooler));
  describeSnapshotIndex('PgBouncer', newStore(throughPooler));
  describeObjectRegister('PgBouncer', newStore(throughPooler));
  describeHistoryIndex('PgBouncer', newStore(throughPooler));
  describeLogUpkeep('PgBouncer', newStore(throughPooler));
  describeRowQuarantine('PgBouncer', newStore(throughPooler));
  describeAuthorshipStore('PgBouncer', newStore(throughPooler));
  describeDocumentVersions('PgBouncer', newStore(throughPooler));
  describePublications('PgBouncer', newStore(throughPooler));
  describeDocumentCatalog('PgBouncer', newStore(throughPooler));
  describeSeededDocuments('PgBouncer', newStore(throughPooler));
  describeProgramWrites('PgBouncer', newStore(throughPooler));
  describeGrantStore('PgBouncer', newStore(throughPooler));
  describeApiKeyStore('PgBouncer', newStore(throughPooler));
  describeOutbox('PgBouncer', newStore(throughPooler));
  describeDeliveryQueue('PgBouncer', newStore(throughPooler));
  describeAuditLog('PgBouncer', newStore(throughPooler));
  describeToldChanges('PgBouncer', newStore(throughPooler));
});
