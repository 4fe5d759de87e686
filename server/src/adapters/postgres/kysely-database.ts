import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type { Schema } from '../sql/schema.ts';
import { beginStatement, type ConnectionLease } from './connection-lease.ts';
import type { Lender } from './prompt-lender.ts';
import type { Timeouts } from './timeouts.ts';

/** Kysely over our own pool, so that portable SQL keeps the same deadlines and throws the same errors. */
export function createDatabase(pool: Lender, timeouts: Timeouts): Kysely<Schema> {
  const begin = beginStatement(timeouts);
  const facade: PostgresPool = {
    options: {},
    connect: async () => toClient(await pool.lease(), begin),
    // Whoever opened the pool closes it.
    end: async () => undefined,
  };
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: facade }) });
}

function toClient(lease: ConnectionLease, begin: string): PostgresPoolClient {
  const query = async (sql: string, parameters: readonly unknown[] = []) => {
    if (sql === 'begin') {
      await lease.query(begin);
      return { command: 'BEGIN', rowCount: 0, rows: [] };
    }
    return lease.query(sql, parameters);
  };
  return {
    // Kysely knows the type of the rows from the query that it compiled; for cursors it asks nobody who has none.
    query: query as unknown as PostgresPoolClient['query'],
    release: () => lease.release(),
  };
}
