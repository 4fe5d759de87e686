import { randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWork, newErasureOrder, newPerson, readPurged } from './erasure-work.ts';
import { AT, entry, name, newTenant, newWriter } from './store-under-test.ts';
import { told, type ToldStoreUnderTest } from './told-store.ts';

/** What every store must do about the documents of people who are erased. */
export function describeErasedContent(adapter: string, open: () => Promise<ToldStoreUnderTest>): void {
  describe(`documents of erased people: ${adapter}`, () => {
    let store: ToldStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());

    it('[HOOK259] with erase-own the documents that they made and nobody else wrote in go, and no others', async () => {
      const tenant = newTenant();
      const { id } = newPerson();
      const { written, filled } = await newDocuments(store, tenant, id);
      await newDocuments(store, tenant, 'eve');
      const { person } = await store.erasedPeople.begin(id, newErasureOrder(tenant, { content: 'erase-own' }));
      await createWork(store).run();
      expect(await readPurged(store, tenant)).toEqual([written, filled]);
      const [erasure] = await store.erasures.list(tenant);
      expect(erasure).toMatchObject({ pseudonym: person.pseudonym, counts: { ownDocuments: 2 } });
      expect(erasure?.finishedAt).not.toBeNull();
      const details = (await told(store, tenant)).map(({ detail }) => detail);
      expect(details).toEqual(
        [false, true].map((finished) => ({ erasure: erasure?.id, content: 'erase-own', finished })),
      );
    });

    it('[HOOK259] one that cannot be erased is counted as left, and holds up nothing', async () => {
      const tenant = newTenant();
      const { id } = newPerson();
      const { written, filled } = await newDocuments(store, tenant, id);
      await store.erasedPeople.begin(id, newErasureOrder(tenant, { content: 'erase-own' }));
      const work = createWork(store);
      work.unerasable.add(written);
      await work.run();
      expect(await readPurged(store, tenant)).toEqual([filled]);
      const [erasure] = await store.erasures.list(tenant);
      expect([erasure?.counts, erasure?.finishedAt === null]).toMatchObject([
        { ownDocuments: 1, ownDocumentsLeft: 1 },
        false,
      ]);
    });

    it('[HOOK259] unless that is said all of them stay', async () => {
      const tenant = newTenant();
      const { id } = newPerson();
      await newDocuments(store, tenant, id);
      await store.erasedPeople.begin(id, newErasureOrder(tenant));
      await createWork(store).run();
      expect(await readPurged(store, tenant)).toEqual([]);
    });
  });
}

/** What somebody has, and has to do with. */
async function newDocuments(store: ToldStoreUnderTest, tenant: Tenant, id: string) {
  const create = async (by: string) =>
    (await store.catalog.create(tenant, name(`own-${randomUUID()}`), by, AT)).record.id;
  const made = {
    written: await create(id),
    // Made of a file, or never written in: nobody's clientIDs are known.
    filled: await create(id),
    shared: await create(id),
    ofOther: await create('lin'),
  };
  const bind = (document: number, client: number, user: string) =>
    entry(document, 'row', { bindings: [{ client, user }] });
  const writer = newWriter(store);
  await writer.append(bind(made.written, 7, id), bind(made.shared, 7, id), bind(made.ofOther, 7, id));
  await writer.append(bind(made.shared, 8, 'lin'));
  return made;
}
