import { createAccessChangeLog } from '../../src/adapters/sql/access-changes.ts';
import { createApiKeyStore } from '../../src/adapters/sql/api-key-store.ts';
import { createAuditLog } from '../../src/adapters/sql/audit-log.ts';
import { createAuthorshipStore } from '../../src/adapters/sql/authorship-store.ts';
import { createDocumentCatalog } from '../../src/adapters/sql/document-catalog.ts';
import { createGrantStore } from '../../src/adapters/sql/grant-store.ts';
import { createStoredEvents, type StoredEvents } from '../../src/adapters/sql/stored-events.ts';
import { createStoredHistory } from '../../src/adapters/sql/stored-history.ts';
import { holdsBytes } from '../../src/adapters/sqlite/holds-bytes.ts';
import { openSqlite, type SqliteDeps } from '../../src/adapters/sqlite/open-sqlite.ts';
import type { SqliteConnection } from '../../src/adapters/sqlite/sqlite-connection.ts';
import { createSqliteUpdateLog } from '../../src/adapters/sqlite/update-log.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { AuditLog } from '../../src/ports/audit-log.ts';
import type { AuthorshipStore } from '../../src/ports/authorship-store.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import type { AccessStoreUnderTest } from './access-store-under-test.ts';
import { createSqlDamage, type SqlStoreUnderTest } from './sql-damage.ts';
import type { FollowedStore } from './store-under-test.ts';

export interface EmbeddedStore extends SqlStoreUnderTest, StoredEvents, AccessStoreUnderTest, FollowedStore {
  readonly connection: SqliteConnection;
  readonly audit: AuditLog;
  readonly authorship: AuthorshipStore;
}

/** Opens the embedded store in the directory as the server does. */
export async function openEmbeddedStore(directory: string, more: Partial<SqliteDeps> = {}): Promise<EmbeddedStore> {
  const connection = await openSqlite({
    directory,
    clock: createSystemClock(),
    log: createSilentTelemetry().log,
    ...more,
  });
  return {
    connection,
    log: createSqliteUpdateLog(connection),
    ...createStoredHistory({ database: connection.database }),
    ...createStoredEvents({ database: connection.database }),
    catalog: createDocumentCatalog({ database: connection.database }),
    grants: createGrantStore({ database: connection.database }),
    keys: createApiKeyStore({ database: connection.database }),
    audit: createAuditLog({ database: connection.database }),
    authorship: createAuthorshipStore({ database: connection.database, holds: holdsBytes }),
    accessChanges: createAccessChangeLog({ database: connection.database }),
    database: connection.database,
    damage: createSqlDamage(connection.database),
    close: () => connection.close(),
  };
}
