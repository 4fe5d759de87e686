import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPatientWriter, expectExactly } from '../support/patient-writer.ts';
import { createRandom } from '../support/random.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { bytes, entry, newDocument, newDocuments, newWriter, readTexts } from './store-under-test.ts';

describe.skipIf(missing.postgres)('appends on PostgreSQL', () => {
  let url: string;
  let store: PostgresStoreUnderTest;
  beforeAll(async () => {
    url = await newDatabase();
    store = await openPostgresStore(url, { largestPayload: 5_000_000 });
  });
  afterAll(() => store.close());

  /** Holds a document's head, as somebody who is slow does, while the action runs. */
  function holdHead<T>(documentId: number, action: () => Promise<T>): Promise<T> {
    return store.database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('document_heads')
        .set((eb) => ({ epoch: eb.ref('epoch') }))
        .where('document_id', '=', documentId)
        .execute();
      return action();
    });
  }

  it('[LOG7] while somebody holds a document, it is busy, and the others of the batch are stored at once', async () => {
    const [first, held, last] = await newDocuments(store, 3);
    const writer = newWriter(store);
    const append = () => writer.append(entry(first!.id, 'a'), entry(held!.id, 'b'), entry(last!.id, 'c'));
    for (const seq of [1, 2, 3]) {
      const results = await holdHead(held!.id, append);
      expect(results).toEqual([{ kind: 'stored', seq }, { kind: 'busy' }, { kind: 'stored', seq }]);
    }
    expect(await readTexts(store, held!.id)).toEqual([]);
    expect(await append()).toEqual([4, 1, 4].map((seq) => ({ kind: 'stored', seq })));
  });

  it('[LOG7] a held document is busy for an entry that only binds clients too, and a retry waits for no head either', async () => {
    const document = await newDocument(store);
    const bindOnly = entry(document.id, '', { payload: null, bindings: [{ client: 1, user: 'ada' }] });
    const writer = newWriter(store);
    expect(await holdHead(document.id, () => writer.append(bindOnly))).toEqual([{ kind: 'busy' }]);
    const batch = writer.batch([entry(document.id, 'a')], { retry: true });
    expect(await holdHead(document.id, () => store.log.append(batch))).toEqual([{ kind: 'busy' }]);
    expect(await store.log.append(batch)).toEqual([{ kind: 'stored', seq: 1 }]);
    expect(await store.log.readBindings(document.id)).toEqual([]);
  });

  it('[LOG10] several nodes append to the same documents at once: no gap, no lost row, nobody waits for ever', async () => {
    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    const ids = (await newDocuments(store, 20)).map(({ id }) => id);
    const nodes = await Promise.all(Array.from({ length: 4 }, () => openPostgresStore(url)));
    const writers = nodes.flatMap(({ log }) => [createPatientWriter(log), createPatientWriter(log)]);
    await Promise.all(
      writers.map(async (writer) => {
        for (let round = 0; round < 40; round += 1) {
          const some = ids.filter(() => random.chance(0.4));
          await writer.appendTo(random.chance(0.5) ? some : some.toReversed());
        }
      }),
    );
    await Promise.all(nodes.map((node) => node.close()));
    expect(writers.map(({ unanswered }) => unanswered)).toEqual(writers.map(() => 0));
    await expectExactly(
      store.log,
      ids,
      writers.flatMap(({ acknowledged }) => acknowledged),
    );
  });

  it('[LOG17] reads that take long do not hold up an append', async () => {
    const document = await newDocument(store);
    const held = Promise.withResolvers<void>();
    // As many as there are connections for anything but appends, and some that wait for one.
    const reads = Array.from({ length: 8 }, () =>
      store.database.transaction().execute(async (transaction) => {
        await transaction.selectFrom('documents').select('id').execute();
        await held.promise;
      }),
    );
    try {
      expect(await newWriter(store).append(entry(document.id, 'a'))).toEqual([{ kind: 'stored', seq: 1 }]);
    } finally {
      held.resolve();
    }
    await Promise.all(reads);
  });

  describe('[LOG27] what can never be stored is refused alone', () => {
    it.each([
      ['a text that the database cannot hold', { bindings: [{ client: 1, user: 'a\0b' }] }],
      ['a payload that is too large', { payload: new Uint8Array(5_000_001) }],
      ['a payload that a rule of the database forbids', { payload: bytes('forbidden') }],
    ])('%s', async (_, damage) => {
      await sql`alter table log_rows add constraint nothing_forbidden check (payload <> ${sql.lit('\\x666f7262696464656e')}::bytea) not valid`.execute(
        store.database,
      );
      try {
        const documents = await newDocuments(store, 9);
        const writer = newWriter(store);
        const entries = documents.map(({ id }, index) => entry(id, `${index}`, index === 5 ? damage : {}));
        for (const seq of [1, 2]) {
          const results = await writer.append(...entries);
          expect(results).toEqual(
            documents.map((_document, index) => (index === 5 ? { kind: 'refused' } : { kind: 'stored', seq })),
          );
        }
        expect(await readTexts(store, documents[5]!.id)).toEqual([]);
        expect(await store.log.readBindings(documents[5]!.id)).toEqual([]);
      } finally {
        await sql`alter table log_rows drop constraint nothing_forbidden`.execute(store.database);
      }
    });
  });

  it('[LOG22] a flush of many megabytes is stored, in several statements', async () => {
    const documents = await newDocuments(store, 12);
    const payload = new Uint8Array(4_000_000).fill(7);
    const batch = newWriter(store).batch(documents.map(({ id }) => ({ ...entry(id, ''), payload })));
    const results = documents.map(() => ({ kind: 'stored', seq: 1 }));
    expect(await store.log.append(batch)).toEqual(results);
    expect(await store.log.append({ ...batch, retry: true })).toEqual(results);
  });

  it('[LOG35] a full disk stores nothing of a batch and is retryable; once there is room, all of it goes in', async () => {
    const documents = await newDocuments(store, 3);
    const writer = newWriter(store);
    await writer.append(...documents.map(({ id }) => entry(id, 'before')));
    const batch = writer.batch(documents.map(({ id }) => entry(id, 'while full')));
    await sql`
      create function fill_disk() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`.execute(
      store.database,
    );
    await sql`create trigger fill_disk before insert on log_rows for each row execute function fill_disk()`.execute(
      store.database,
    );
    for (const retry of [false, true]) {
      await expect(store.log.append({ ...batch, retry })).rejects.toMatchObject({ code: 'storage-unavailable' });
    }
    await sql`drop trigger fill_disk on log_rows`.execute(store.database);
    expect(await store.log.append({ ...batch, retry: true })).toEqual(
      documents.map(() => ({ kind: 'stored', seq: 2 })),
    );
    for (const { id } of documents) {
      expect(await readTexts(store, id)).toEqual([
        [1, 'before'],
        [2, 'while full'],
      ]);
    }
  });
});
