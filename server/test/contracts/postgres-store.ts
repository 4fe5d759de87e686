import { openPostgres, type PostgresDeps, type PostgresStore } from '../../src/adapters/postgres/open-postgres.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createSqlDamage } from './sql-damage.ts';
import type { StoreUnderTest } from './store-under-test.ts';

export interface PostgresStoreUnderTest extends Omit<PostgresStore, 'close'>, StoreUnderTest {
  closeWithin(milliseconds: number): Promise<void>;
}

/** Opens a database as the server does. */
export async function openPostgresStore(
  url: string,
  more: Partial<PostgresDeps> = {},
): Promise<PostgresStoreUnderTest> {
  const store = await openPostgres({
    url,
    directUrl: url,
    replicaUrl: null,
    caFile: null,
    poolSize: 8,
    migrate: 'auto',
    clock: createSystemClock(),
    log: createSilentTelemetry().log,
    ...more,
  });
  const damage = createSqlDamage(store.database);
  return {
    ...store,
    damage,
    close: () => store.close(5_000),
    closeWithin: (milliseconds) => store.close(milliseconds),
  };
}
