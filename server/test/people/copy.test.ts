import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyAccess } from '../../src/adapters/sql/copy-access.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../contracts/embedded-store.ts';
import { createWork, newErasureOrder } from '../contracts/erasure-work.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from '../contracts/postgres-store.ts';
import { AT, name, newTenant } from '../contracts/store-under-test.ts';
import type { ToldStoreUnderTest } from '../contracts/told-store.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { scanTables } from '../support/scan-tables.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const objects = {
  put: () => Promise.resolve(),
  get: () => Promise.resolve(null),
  remove: () => Promise.resolve(),
};

describe.skipIf(missing.postgres)('[HOOK258] who was erased, after a move', () => {
  const directory = createTemporaryDirectory('erased-copy');
  let from: EmbeddedStore;
  let to: PostgresStoreUnderTest;
  beforeAll(async () => {
    from = await openEmbeddedStore(directory.path);
    to = await openPostgresStore(await newDatabase());
  });
  afterAll(async () => {
    await from.close();
    await to.close();
    directory.remove();
  });

  const tenant = newTenant();
  const begin = (store: ToldStoreUnderTest, user: string) => store.erasedPeople.begin(user, newErasureOrder(tenant));
  const isErased = async (user: string) => (await to.grants.readStanding(tenant, user, [])).isErased;

  it('is refused in the target, beside those who were erased there; what is under way goes on', async () => {
    // Each side has a key of its own by now.
    await begin(to, 'target');
    await begin(from, 'finished');
    await createWork(from).run();
    const { person } = await begin(from, 'under-way-4711');
    for (const _ of [1, 2]) await copyAccess({ database: from.database, objects }, { database: to.database, objects });
    const users = ['target', 'finished', 'under-way-4711', 'lin'];
    expect(await Promise.all(users.map(isErased))).toEqual([true, true, true, false]);
    const keys = to.database.selectFrom('erasure_keys').select('place').where('tenant', '=', tenant).orderBy('place');
    expect((await keys.execute()).map(({ place }) => place)).toEqual([0, 1]);
    expect(await to.erasures.list(tenant)).toHaveLength(3);

    const { record } = await to.catalog.create(tenant, name('made'), 'under-way-4711', AT);
    await createWork(to).run();
    expect(await to.catalog.resolve(tenant, record.name)).toMatchObject({ record: { createdBy: person.pseudonym } });
    expect(await scanTables(to.database, 'under-way-4711')).toEqual([]);
    expect((await to.erasures.list(tenant)).filter(({ finishedAt }) => finishedAt === null)).toEqual([]);
  });
});
