import type { Database } from 'better-sqlite3';
import type { Migration } from './migration.ts';
import { documentsAndLog } from './migrations/0001-documents-and-log.ts';
import { snapshotsAndHistory } from './migrations/0002-snapshots-and-history.ts';
import { grantsAndKeys } from './migrations/0003-grants-and-keys.ts';
import { auditLog } from './migrations/0005-audit-log.ts';
import { versionsAndPublications } from './migrations/0007-versions-and-publications.ts';
import { outboxAndWebhooks } from './migrations/0008-outbox-and-webhooks.ts';
import { searchProjection } from './migrations/0009-search-projection.ts';
import { writesByPrograms } from './migrations/0011-writes-by-programs.ts';
import { erasedPeople } from './migrations/0012-erased-people.ts';

const MIGRATIONS: readonly Migration[] = [
  documentsAndLog,
  snapshotsAndHistory,
  grantsAndKeys,
  auditLog,
  versionsAndPublications,
  outboxAndWebhooks,
  searchProjection,
  writesByPrograms,
  erasedPeople,
];

/** The database was written by a newer program, which this one must not touch. */
export class NewerDatabaseError extends Error {
  readonly code = 'NEWER_DATABASE';
}

/** Brings the database to the newest schema, each step in a transaction of its own. Throws `NewerDatabaseError`. */
export function migrate(database: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  const found = Number(database.pragma('user_version', { simple: true }));
  const newest = migrations.at(-1)?.version ?? 0;
  if (found > newest) {
    throw new NewerDatabaseError(`schema ${found}, while this program knows ${newest} at most`);
  }
  for (const migration of migrations) {
    if (migration.version <= found) continue;
    database.transaction(() => {
      database.exec(migration.sql);
      database.pragma(`user_version = ${migration.version}`);
    })();
  }
}
