import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { roleFor } from '../../src/core/permissions.ts';
import { grant, resource, subject } from '../contracts/access-store-under-test.ts';
import { BY } from '../contracts/store-under-test.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from '../contracts/postgres-store.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createIdentity } from '../support/identities.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createStandingParts } from '../support/standing-parts.ts';
import { waitUntil } from '../support/wait-until.ts';

describe.skipIf(missing.postgres)('nodes that share a database and nothing else', () => {
  let stores: readonly PostgresStoreUnderTest[] = [];
  let nodes: readonly ReturnType<typeof createStandingParts>[] = [];
  beforeAll(async () => {
    const url = await newDatabase();
    stores = await Promise.all([0, 1, 2].map(() => openPostgresStore(url)));
    nodes = stores.map(({ database }) => createStandingParts(database, createSystemClock(), createSilentTelemetry()));
  });
  afterAll(async () => {
    for (const node of nodes) await node.watch.drain(1_000);
    for (const store of stores) await store.close();
  });

  const ada = createIdentity();
  const rolesOfAda = (): Promise<readonly (string | null)[]> =>
    Promise.all(
      nodes.map(async ({ access }) => {
        const { rights } = await access.standingOf(ada);
        return rights === null ? null : roleFor(rights, 'a');
      }),
    );

  it('[AUTH65] a grant, its change and its end on any of them reach who watches on all', async () => {
    const calls = nodes.map(() => 0);
    for (const [index, { access, watch }] of nodes.entries()) {
      await watch.look();
      access.watch(ada, () => (calls[index] = (calls[index] ?? 0) + 1));
    }
    expect(await rolesOfAda()).toEqual(['none', 'none', 'none']);
    const changes = [
      ['editor', () => nodes[0]?.grants.set(DEFAULT_TENANT, grant('user:ada', 'a'))],
      ['viewer', () => nodes[1]?.grants.set(DEFAULT_TENANT, grant('user:ada', 'a', 'viewer'))],
      ['none', () => nodes[2]?.grants.revoke(DEFAULT_TENANT, subject('user:ada'), resource('a'), BY)],
      [null, () => nodes[0]?.grants.revokeUser(DEFAULT_TENANT, 'ada', { user: 'grace', at: Date.now() })],
    ] as const;
    for (const [role, change] of changes) {
      const before = [...calls];
      await change();
      await waitUntil('everybody watching was called', () =>
        calls.every((count, index) => count > (before[index] ?? 0)),
      );
      expect(await rolesOfAda()).toEqual([role, role, role]);
    }
  });
});
