import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../services/fault-proxy.ts';
import { missing, newDatabase, throughPooler } from '../services/shared-services.ts';
import { createPatientWriter, expectExactly } from '../support/patient-writer.ts';
import { createRandom, type Random } from '../support/random.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { entry, newDocument, newDocuments, newWriter, readTexts } from './store-under-test.ts';

/** Commits whose answer is cut off: as many as were promised when figures are wanted, a few on every commit. */
const CUTS = process.env['FULL'] === '1' ? 1_000 : process.env['CI'] === 'true' ? 40 : 100;

const WAYS = [
  { way: 'directly', through: (url: string) => url, lacks: missing.postgres },
  { way: 'through a pooler', through: throughPooler, lacks: missing.postgres || missing.pooler },
] as const;

describe.each(WAYS)('commits of which nobody knows, $way', ({ way, through, lacks }) => {
  describe.skipIf(lacks)(`with a network that fails, ${way}`, () => {
    let url: string;
    let proxy: FaultProxy;
    /** Past the network that fails. */
    let observer: PostgresStoreUnderTest;
    beforeAll(async () => {
      url = await newDatabase();
      observer = await openPostgresStore(url);
      proxy = await startFaultProxy(Number(new URL(through(url)).port));
    });
    afterAll(async () => {
      await observer.close();
      await proxy.dispose();
    });

    /** Opens the store behind the network that fails. */
    async function openBehind(): Promise<PostgresStoreUnderTest> {
      const address = new URL(url);
      address.port = String(proxy.port);
      proxy.setMode({ kind: 'pass' });
      return openPostgresStore(address.href, { directUrl: url });
    }

    /** Keeps what is sent next in the network and makes its sender give up. */
    async function holdNext(): Promise<void> {
      proxy.setMode({ kind: 'hold', direction: 'to-server' });
      await waitUntil('something is held', () => proxy.heldBytes > 0);
      proxy.hangUp();
      proxy.setMode({ kind: 'pass' });
    }

    it(
      `[LOG8] ${CUTS} connections are cut between commit and answer, retries too: nothing is there twice or missing`,
      { timeout: 30_000 + 500 * CUTS },
      async () => {
        const seed = Date.now() % 1_000_000;
        const random = createRandom(seed);
        const store = await openBehind();
        const ids = (await newDocuments(observer, 6)).map(({ id }) => id);
        const countRows = async (): Promise<number> =>
          (await observer.log.readHeads(ids)).reduce((sum, { head }) => sum + head, 0);
        let rows = 0;
        let firstTry = false;
        let cutCommits = 0;
        const writer = createPatientWriter(store.log, async () => {
          // The caller has no answer, and the rows are there.
          if (firstTry && (await countRows()) > rows) cutCommits += 1;
        });
        while (cutCommits < CUTS) {
          rows = await countRows();
          const failing = random.chance(0.4) ? 1 + random.below(3) : 1;
          const some = new Set([random.pick(ids), ...ids.filter(() => random.chance(0.3))]);
          await writer.appendTo([...some], (attempt) => {
            firstTry = attempt === 0;
            // The first try's answer is what is lost; what happens to a retry is left to chance.
            if (firstTry) proxy.setMode({ kind: 'drop-after', bytes: 0, direction: 'to-client' });
            else proxy.setMode(attempt < failing ? someCut(random) : { kind: 'pass' });
          });
        }
        await expectExactly(observer.log, ids, writer.acknowledged).catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
        await store.close();
      },
    );

    it('[LOG9] a first try that the network delivers after the retry stores nothing', async () => {
      const store = await openBehind();
      const document = await newDocument(observer);
      const writer = newWriter(store);
      await writer.append(entry(document.id, 'before'));
      for (let round = 2; round < 7; round += 1) {
        const batch = writer.batch([entry(document.id, `round ${round}`)]);
        await Promise.all([
          holdNext(),
          expect(store.log.append(batch)).rejects.toMatchObject({ code: 'storage-unavailable' }),
        ]);
        expect(await store.log.append({ ...batch, retry: true })).toEqual([{ kind: 'stored', seq: round }]);
        const before = proxy.connections;
        proxy.release();
        // The server reads what was held, answers into the void and closes.
        await waitUntil('the late try is through', () => proxy.connections < before);
      }
      await store.close();
      const texts = [2, 3, 4, 5, 6].map((round) => [round, `round ${round}`]);
      expect(await readTexts(observer, document.id)).toEqual([[1, 'before'], ...texts]);
    });

    it('[LOG9] a first try that is delivered in the middle of the retry is stored once', async () => {
      const random = createRandom(7);
      const others = proxy.connections;
      const store = await openBehind();
      const ids = (await newDocuments(observer, 2)).map(({ id }) => id);
      const writer = createPatientWriter(store.log);
      await writer.appendTo(ids);
      for (let round = 0; round < 40; round += 1) {
        const lost = holdNext();
        await writer.appendTo(ids, (attempt) => {
          if (attempt > 0) setTimeout(() => proxy.release(), random.below(8));
        });
        await lost;
      }
      await store.close();
      proxy.release();
      await waitUntil('the late tries are through', () => proxy.connections <= others);
      await expectExactly(observer.log, ids, writer.acknowledged);
    });

    it('[LOG9] a retry waits for a first try that the server is still at, and finds its row', async () => {
      const store = await openBehind();
      const document = await newDocument(observer);
      const writer = newWriter(store);
      await writer.append(entry(document.id, 'before'));
      await sql`
        create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return new; end $$`.execute(
        observer.database,
      );
      await sql`create trigger dawdle before insert on log_rows for each row execute function dawdle()`.execute(
        observer.database,
      );
      const batch = writer.batch([entry(document.id, 'slow')]);
      const lost = store.log.append(batch).catch((error: unknown) => error);
      await waitUntil('the server is at it', async () => {
        const { rows } =
          await sql`select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`.execute(
            observer.database,
          );
        return rows.length > 0;
      });
      proxy.hangUp();
      expect(await lost).toMatchObject({ code: 'storage-unavailable' });
      expect(await store.log.append({ ...batch, retry: true })).toEqual([{ kind: 'stored', seq: 2 }]);
      await store.close();
      await sql`drop trigger dawdle on log_rows`.execute(observer.database);
      expect(await readTexts(observer, document.id)).toEqual([
        [1, 'before'],
        [2, 'slow'],
      ]);
    });
  });
});

/** Cuts a connection off somewhere in its start or in a retry's few hundred bytes, on either way. */
function someCut(random: Random): Parameters<FaultProxy['setMode']>[0] {
  return random.chance(0.6)
    ? { kind: 'drop-after', bytes: random.below(900), direction: 'to-client' }
    : { kind: 'drop-after', bytes: random.below(3_500), direction: 'to-server' };
}
