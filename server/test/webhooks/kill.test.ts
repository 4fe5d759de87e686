import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { newWebhook } from '../contracts/event-fixtures.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from '../contracts/postgres-store.ts';
import { newTenant } from '../contracts/store-under-test.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createRandom } from '../support/random.ts';
import { waitUntil } from '../support/wait-until.ts';
import { type Received, startReceiver } from './receiver.ts';

const CHILD = fileURLToPath(new URL('./webhook-child.ts', import.meta.url));
const FULL = process.env['FULL'] === '1';
/** Events that there are at least when the last process is killed. */
const EVENTS = FULL ? 10_000 : 400;
/** Part of the attempts that the receiver refuses. */
const REFUSED = 0.02;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Child {
  readonly process: ChildProcess;
  readonly ready: Promise<unknown>;
}

function startChild(args: readonly string[], onLine: (line: string) => void): Child {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout);
  lines.on('line', onLine);
  return { process: child, ready: Promise.race([once(lines, 'line'), once(child, 'close')]) };
}

async function kill({ process: child }: Child): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

/** Every event that there is, by document. */
async function readEvents(store: PostgresStoreUnderTest): Promise<ReadonlyMap<number, readonly number[]>> {
  const rows = await store.database
    .selectFrom('outbox_events')
    .select(['document_id', 'number'])
    .orderBy('document_id')
    .orderBy('number')
    .execute();
  const groups = Map.groupBy(rows, ({ document_id }) => document_id);
  return new Map([...groups].map(([documentId, events]) => [documentId, events.map(({ number }) => number)]));
}

/** The numbers of each document's events in the order in which each was first received. */
function firstArrivals(received: readonly Received[]): ReadonlyMap<number, readonly number[]> {
  const arrivals = new Map<number, number[]>();
  for (const id of new Set(received.map((it) => it.id))) {
    const [, documentId = 0, number = 0] = id.split('_').map(Number);
    arrivals.set(documentId, [...(arrivals.get(documentId) ?? []), number]);
  }
  return arrivals;
}

/** The newest row of each document's log, deleted ones too. */
async function readLogs(store: PostgresStoreUnderTest): Promise<ReadonlyMap<number, number>> {
  const rows = await store.database.selectFrom('log_rows').select(['document_id', 'seq']).orderBy('seq').execute();
  return new Map(rows.map(({ document_id, seq }) => [document_id, seq]));
}

/** The ranges of rows that were delivered as changed, by document, in the order of their first arrival. */
function changedRanges(received: readonly Received[]): ReadonlyMap<number, readonly (readonly [number, number])[]> {
  const ranges = new Map<number, (readonly [number, number])[]>();
  const seen = new Set<string>();
  for (const { id, type, data } of received) {
    if (type !== 'document.changed' || seen.has(id)) continue;
    seen.add(id);
    const documentId = Number(id.split('_')[1]);
    ranges.set(documentId, [...(ranges.get(documentId) ?? []), [Number(data['from']), Number(data['to'])]]);
  }
  return ranges;
}

describe.skipIf(missing.postgres)('webhooks while processes are killed', () => {
  it(
    `[HOOK50] ${EVENTS} events and more are each delivered, in order per document, signed, none lost`,
    { timeout: FULL ? 1_800_000 : 180_000 },
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = createRandom(seed);
      const url = await newDatabase();
      const store = await openPostgresStore(url);
      ends.push(() => store.close());
      const receiver = await startReceiver(() => (random.chance(REFUSED) ? 503 : 200));
      ends.push(() => receiver.close());
      const tenant = newTenant();
      const webhook = await newWebhook(store, tenant, { url: receiver.url });
      receiver.setSecret('whsec_first');

      let steps = 0;
      let kills = 0;
      /** Rows that a writer was told are stored. */
      const stored: (readonly [number, number])[] = [];
      const hear = (line: string): void => {
        const [word, documentId, seq] = line.split(' ');
        if (word === 'stored') stored.push([Number(documentId), Number(seq)]);
        else if (word === 'step') steps += 1;
      };
      const start = (): Child => startChild([url, tenant, `c${kills}`, '1'], hear);
      const children = [start(), start()];
      while (steps < EVENTS) {
        await Promise.all(children.map(({ ready }) => ready));
        await sleep(200 + random.below(FULL ? 4_000 : 1_000));
        const victim = random.below(2);
        const [child] = children.splice(victim, 1);
        if (child !== undefined) await kill(child);
        kills += 1;
        children.push(start());
      }
      for (const child of children.splice(0)) await kill(child);

      // Now somebody comes who only delivers. Attempts that failed wait for seconds; the test does not wait for more.
      await startChild([url, tenant, 'last', '0'], () => undefined).ready;
      const isOver = async (): Promise<boolean> => {
        await store.database.updateTable('webhook_lanes').set({ next_at: 0 }).where('lease_until', '=', 0).execute();
        const query = { state: 'pending', cursor: null, limit: 1 } as const;
        const { deliveries } = await store.deliveries.listDeliveries(webhook.id, query);
        await sleep(200);
        const untold = await store.outbox.listUnannounced(0, { before: Date.now(), limit: 1_000_000 });
        return deliveries.length === 0 && untold.documents.length === 0;
      };
      await waitUntil(`all is delivered (seed ${seed})`, isOver, FULL ? 900_000 : 120_000);

      const events = await readEvents(store);
      const all = [...events.values()].flat().length;
      const repeated = receiver.received.length - new Set(receiver.received.map(({ id }) => id)).size;
      process.stdout.write(`seed ${seed}: ${kills + 2} kills, ${all} events, ${repeated} repeated\n`);
      expect(all).toBeGreaterThanOrEqual(EVENTS);
      expect(receiver.forged).toEqual([]);
      // Without a gap, and each document's first arrivals in the order of its events.
      for (const [documentId, numbers] of events) {
        expect([documentId, numbers]).toEqual([documentId, numbers.map((_, index) => index + 1)]);
      }
      expect(new Map([...firstArrivals(receiver.received)].sort(([one], [other]) => one - other))).toEqual(events);
      expect(await store.webhooks.read(tenant, webhook.id)).toMatchObject({ paused: null });
      // What writers were told is stored is in the log, and the log has been told of from its first row to its last.
      const logs = await readLogs(store);
      expect(stored.length).toBeGreaterThan(0);
      expect(stored.filter(([documentId, seq]) => (logs.get(documentId) ?? 0) < seq)).toEqual([]);
      const ranges = changedRanges(receiver.received);
      for (const [documentId, head] of logs) {
        const told = ranges.get(documentId) ?? [];
        const starts = [0, ...told.map(([, to]) => to)];
        expect([documentId, told.map(([from]) => from), starts.at(-1)]).toEqual([
          documentId,
          starts.slice(0, -1),
          head,
        ]);
      }
    },
  );
});
