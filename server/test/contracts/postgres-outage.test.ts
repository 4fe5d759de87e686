import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TIMEOUTS } from '../../src/adapters/postgres/timeouts.ts';
import { findPostgresPrograms, type PostgresServer, startPostgres } from '../services/postgres-server.ts';
import { createPatientWriter, expectExactly } from '../support/patient-writer.ts';
import { createRandom } from '../support/random.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { AT, entry, name, newDocument, newDocuments, newTenant, newWriter, readTexts } from './store-under-test.ts';

const KILLS = process.env['FULL'] === '1' ? 20 : 3;

describe.skipIf(findPostgresPrograms() === null)('a PostgreSQL that goes away', () => {
  let server: PostgresServer;
  let store: PostgresStoreUnderTest;
  beforeAll(async () => {
    server = await startPostgres();
    await server.createDatabase('outage');
  });
  afterAll(() => server.dispose());
  beforeEach(async () => void (store = await openPostgresStore(server.urlOf('outage'))));
  afterEach(() => store.close());

  it(
    `[LOG11] killed at once ${KILLS} times in the middle of appends: nothing acknowledged is lost, nothing is there twice`,
    { timeout: 30_000 + 10_000 * KILLS },
    async () => {
      const seed = Date.now() % 1_000_000;
      const random = createRandom(seed);
      const ids = (await newDocuments(store, 8)).map(({ id }) => id);
      const writers = Array.from({ length: 3 }, () => createPatientWriter(store.log));
      let over = false;
      const appending = writers.map(async (writer) => {
        while (!over) await writer.appendTo(ids.filter(() => random.chance(0.5)));
      });
      const countAcknowledged = () => writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
      for (let kill = 0; kill < KILLS; kill += 1) {
        const before = countAcknowledged();
        await waitUntil('appends go on', () => countAcknowledged() > before + 50);
        await sleep(random.below(50));
        await server.stop('SIGQUIT');
        expect(await store.health()).toEqual({ kind: 'unavailable', reason: 'the database does not answer' });
        await server.start();
        await waitUntil('the store is ready', async () => (await store.health()).kind === 'ready');
      }
      over = true;
      await Promise.all(appending);
      expect(writers.reduce((sum, { unanswered }) => sum + unanswered, 0)).toBeGreaterThan(0);
      await expectExactly(
        store.log,
        ids,
        writers.flatMap(({ acknowledged }) => acknowledged),
      ).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    },
  );

  it('[LOG11] connections that the server ends while nobody uses them end nothing else', async () => {
    const document = await newDocument(store);
    await Promise.all(Array.from({ length: 6 }, () => store.log.readHeads([document.id])));
    await server.stop('SIGQUIT');
    await server.start();
    expect(await store.log.readHeads([document.id])).toEqual([{ documentId: document.id, epoch: 1, head: 0 }]);
    expect(await newWriter(store).append(entry(document.id, 'a'))).toEqual([{ kind: 'stored', seq: 1 }]);
  });

  it('[LOG11] a connection that ends between two statements of a transaction ends that transaction only', async () => {
    const document = await newDocument(store);
    const transaction = store.database.transaction().execute(async (transaction) => {
      await transaction.selectFrom('documents').select('id').execute();
      await server.stop('SIGQUIT');
      await server.start();
      await transaction.selectFrom('documents').select('id').execute();
    });
    await expect(transaction).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(await newWriter(store).append(entry(document.id, 'a'))).toEqual([{ kind: 'stored', seq: 1 }]);
  });

  it('[LOG12] calls to a server that does nothing fail as retryable, and go on when it goes on', async () => {
    // Short, so that waiting for nothing costs little.
    const timeouts = { ...TIMEOUTS, connect: 1_500, statement: 1_000, answer: 1_200 };
    const hasty = await openPostgresStore(server.urlOf('outage'), { timeouts });
    const document = await newDocument(store);
    const writer = newWriter(hasty);
    await writer.append(entry(document.id, 'before'));
    const batch = writer.batch([entry(document.id, 'frozen')]);
    server.freeze();
    try {
      const failure = { code: 'storage-unavailable' };
      for (const retry of [false, true]) {
        await Promise.all([
          expect(hasty.log.append({ ...batch, retry })).rejects.toMatchObject(failure),
          expect(hasty.log.readRows(document.id, 0, 10)).rejects.toMatchObject(failure),
          expect(hasty.log.readLoadStart(document.id)).rejects.toMatchObject(failure),
          expect(hasty.catalog.create(newTenant(), name('a'), 'ada', AT)).rejects.toMatchObject(failure),
          expect(hasty.health()).resolves.toMatchObject({ kind: 'unavailable' }),
        ]);
      }
    } finally {
      server.thaw();
    }
    let results: unknown = null;
    await waitUntil('an append goes through', async () => {
      results = await hasty.log.append({ ...batch, retry: true }).catch(() => null);
      return results !== null;
    });
    expect(results).toEqual([{ kind: 'stored', seq: 2 }]);
    expect(await readTexts(store, document.id)).toEqual([
      [1, 'before'],
      [2, 'frozen'],
    ]);
    await waitUntil('the store is ready', async () => (await hasty.health()).kind === 'ready');
    await hasty.close();
  });

  it('[LOG12] a store is closed in time whatever its server does, and takes nothing more', async () => {
    const other = await openPostgresStore(server.urlOf('outage'));
    const document = await newDocument(other);
    server.freeze();
    try {
      const append = newWriter(other)
        .append(entry(document.id, 'a'))
        .catch((error: unknown) => error);
      await other.closeWithin(100);
      expect(await append).toMatchObject({ code: 'storage-unavailable' });
      await expect(other.log.readHeads([document.id])).rejects.toMatchObject({ code: 'storage-unavailable' });
    } finally {
      server.thaw();
    }
  });
});
