import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantReads } from '../../src/adapters/postgres/tenant-reads.ts';
import { TIMEOUTS } from '../../src/adapters/postgres/timeouts.ts';
import { createRequestLedger } from '../../src/adapters/sql/request-ledger.ts';
import type { TenantReads } from '../../src/adapters/sql/tenant-reads.ts';
import { newOwnedDatabase } from '../services/owned-database.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { grant } from './access-store-under-test.ts';
import { newErasureOrder } from './erasure-work.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { AT, BY, name, newTenant } from './store-under-test.ts';

describe.skipIf(missing.postgres)('the second wall between tenants', () => {
  let store: PostgresStoreUnderTest;
  let readFor: TenantReads;
  beforeAll(async () => {
    store = await openPostgresStore(await newOwnedDatabase());
    readFor = createTenantReads(store.database, TIMEOUTS);
  });
  afterAll(() => store.close());

  const [mine, theirs] = [newTenant(), newTenant()];
  beforeAll(async () => {
    for (const tenant of [mine, theirs]) {
      await store.catalog.create(tenant, name('a'), 'ada', AT);
      await store.grants.set(tenant, grant('user:ada', 'a'));
      await store.grants.addLink(tenant, grant(`link:${randomUUID()}`, 'a'), 'hash');
      await store.grants.revokeUser(tenant, 'lin', BY);
      const times = { createdAt: AT, expiresAt: null, revokedAt: null, lastUsedAt: null, previousEndsAt: null };
      const key = {
        id: randomUUID(),
        tenant,
        label: 'k',
        role: 'viewer',
        documents: new Map(),
        abilities: [],
      } as const;
      await store.keys.add({ ...key, ...times, createdBy: 'grace' }, 'hash');
      await store.audit.noteExport({
        chain: tenant,
        fromSeq: 1,
        toSeq: 1,
        key: 'audit/x',
        sha256: 'aa',
        bytes: 1,
        lastHash: 'bb',
        at: AT,
      });
      const id = randomUUID();
      await sql`
        insert into publications values (${tenant === mine ? 1 : 2}, ${id}, ${tenant}, 1, 1, 0, 'ada', 1)`.execute(
        store.database,
      );
      await sql`
        insert into webhooks (id, tenant, url, label, events, documents, secret, created_at, created_by)
        values (${id}, ${tenant}, 'https://example.org', '', '', '', '', 0, 'ada')`.execute(store.database);
      await sql`
        insert into erasure_records values (${id}, ${tenant}, 'document', '', 0, 'ada', null, '{}')`.execute(
        store.database,
      );
      await store.erasedPeople.begin('erased', newErasureOrder(tenant));
      const request = { claim: 'c', fingerprint: 'f', at: AT, until: AT, expiresAt: AT };
      await createRequestLedger(store).claim({ tenant, user: 'ada', key: 'k' }, request);
      await sql`
        insert into jobs (id, tenant, user_id, kind, identity, created_at, expires_at, claimed_until)
        values (${id}, ${tenant}, 'ada', 'changes', '{}', 0, 0, 0)`.execute(store.database);
    }
  });

  const tables = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ table_name: string }>`
      select c.table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'public' and c.column_name = 'tenant' and t.table_type = 'BASE TABLE' order by 1`.execute(
      store.database,
    );
    return rows.map((row) => row.table_name);
  };

  it('[AUTH110] a read for a tenant sees nothing of another one in any table, whatever it asks for', async () => {
    // The list of changes is read for all tenants at once, and says no more than whose rights changed.
    const walled = (await tables()).filter((table) => table !== 'access_changes');
    expect(walled.length).toBeGreaterThan(7);
    for (const table of walled) {
      const everything = sql<{ tenant: string }>`select distinct tenant from ${sql.table(table)}`;
      const seen = await readFor(mine, async (reads) => (await everything.execute(reads)).rows);
      expect([table, seen]).toEqual([table, [{ tenant: mine }]]);
      const all = (await everything.execute(store.database)).rows.map((row) => row.tenant);
      expect([table, all]).toEqual([table, expect.arrayContaining([mine, theirs])]);
    }
  });

  it('[AUTH110] nor does it change anything there', async () => {
    const ended = await readFor(mine, (reads) => sql`delete from grants where tenant = ${theirs}`.execute(reads));
    expect(ended.numAffectedRows ?? 0n).toBe(0n);
    const planted = readFor(mine, (reads) =>
      sql`insert into grant_links values ('planted', ${theirs}, 'hash')`.execute(reads),
    );
    await expect(planted).rejects.toBeInstanceOf(Error);
    expect(await store.grants.findLink('planted')).toBeNull();
  });

  it('[AUTH110] the tenant of one read is not that of the next one on its connection, also when it failed', async () => {
    for (let round = 0; round < 20; round += 1) {
      await readFor(mine, () => Promise.reject(new Error('the read failed'))).catch(() => undefined);
      await readFor(mine, (reads) => sql`select 1`.execute(reads));
      const { rows } = await sql<{ tenant: string | null }>`
        select current_setting('scriptorium.tenant', true) as tenant`.execute(store.database);
      expect(rows[0]?.tenant ?? '').toBe('');
    }
  });

  it('[AUTH111] whoever connects as a role that passes by the wall is told so', async () => {
    const { log, warnings } = createWarningLog();
    await (await openPostgresStore(await newDatabase(), { log })).close();
    expect(warnings).toContain('postgres_wall_bypassed');
    const quiet = createWarningLog();
    await (await openPostgresStore(await newOwnedDatabase(), { log: quiet.log })).close();
    expect(quiet.warnings).not.toContain('postgres_wall_bypassed');
  });
});

function createWarningLog() {
  const warnings: string[] = [];
  const silent = createSilentTelemetry().log;
  return { warnings, log: { ...silent, warn: (event: string) => void warnings.push(event) } };
}
