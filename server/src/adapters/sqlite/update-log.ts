import type { UpdateLog } from '../../ports/update-log.ts';
import { createLogQueries } from '../sql/log-queries.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** The update log on SQLite: a hand-written append, and portable SQL for the rest. */
export function createSqliteUpdateLog(connection: SqliteConnection): UpdateLog {
  return {
    ...createLogQueries({ database: connection.database }),
    append: (batch) => connection.append(batch),
  };
}
