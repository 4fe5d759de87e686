import type { UpdateLog } from '../../ports/update-log.ts';
import { createRestoringAppend } from '../sql/append-restore.ts';
import { createLogQueries } from '../sql/log-queries.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** The update log on SQLite: a hand-written append, and portable SQL for the rest. */
export function createSqliteUpdateLog(connection: SqliteConnection): UpdateLog {
  const { database } = connection;
  return {
    ...createLogQueries({ database }),
    append: createRestoringAppend({ database, append: (batch) => connection.append(batch) }),
  };
}
