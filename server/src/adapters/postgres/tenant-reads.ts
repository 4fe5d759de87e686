import { type Kysely, sql } from 'kysely';
import type { Logger } from '../../ports/telemetry.ts';
import type { Schema } from '../sql/schema.ts';
import type { TenantReads } from '../sql/tenant-reads.ts';
import { beginStatement } from './connection-lease.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { Timeouts } from './timeouts.ts';

/**
 * Reads behind the second wall: in a transaction that names its tenant as it begins, the policies of the tables show rows
 * of that tenant alone, whatever the statement asks for.
 */
export function createTenantReads(database: Kysely<Schema>, timeouts: Timeouts): TenantReads {
  const begin = beginStatement(timeouts);
  return (tenant, read) =>
    database.connection().execute(async (connection) => {
      // A tenant is letters, digits and dashes, so it needs no escaping; with parameters this would be two round trips.
      await sql.raw(`${begin}; set local scriptorium.tenant = '${tenant}'`).execute(connection);
      try {
        const result = await read(connection);
        await sql.raw('commit').execute(connection);
        return result;
      } catch (error) {
        await sql
          .raw('rollback')
          .execute(connection)
          .catch(() => undefined);
        throw error;
      }
    });
}

/** Policies do not hold for everybody; whoever relies on them should know. */
export async function checkWall(pool: ConnectionPool, log: Logger): Promise<void> {
  const { rows } = await pool.use((lease) =>
    lease.query('select rolsuper or rolbypassrls as passes from pg_roles where rolname = current_user'),
  );
  if (rows[0]?.['passes'] === true)
    log.warn('postgres_wall_bypassed', { reason: 'the role passes by row level security' });
}
