import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSqliteWorker } from '../../src/adapters/sqlite/open-sqlite.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { type EmbeddedStore, openEmbeddedStore } from './embedded-store.ts';
import {
  BY,
  AT,
  entry,
  name,
  newDocument,
  newDocuments,
  newTenant,
  newWriter,
  readTexts,
  removeNow,
} from './store-under-test.ts';

const UNAVAILABLE = { code: 'storage-unavailable' };

let directory: TemporaryDirectory;
let store: EmbeddedStore;
let workers: Worker[];
const clock = createFakeClock();

beforeEach(async () => {
  directory = createTemporaryDirectory('connection');
  workers = [];
  store = await openEmbeddedStore(directory.path, {
    clock,
    startWorker: (options) => {
      const worker = startSqliteWorker(options);
      workers.push(worker);
      return worker;
    },
  });
});
afterEach(async () => {
  await store.close();
  directory.remove();
});

/** Keeps from a worker what is sent to it from now on, as a disk does that hangs, until it is let go. */
function hold(worker: Worker) {
  const kept: (() => void)[] = [];
  const spy = vi.spyOn(worker, 'postMessage').mockImplementation((...message) => {
    kept.push(() => {
      worker.postMessage(...message);
    });
  });
  const letGo = (): void => {
    spy.mockRestore();
    for (const send of kept) send();
  };
  return { kept, letGo };
}

/** A transaction that waits, inside, until it is told to go on. */
function holdTransaction(end: 'commit' | 'rollback') {
  const inside = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const done = store.database.transaction().execute(async (transaction) => {
    await transaction.insertInto('log_writers').values({ incarnation: 'in the transaction' }).execute();
    inside.resolve();
    await goOn.promise;
    if (end === 'rollback') throw new Error('changed my mind');
  });
  return { inside: inside.promise, goOn: goOn.resolve, done };
}

/** Lets the pauses before restarts pass, of which a busy machine may need more than one. */
async function untilRestarted(): Promise<void> {
  await vi.waitFor(() => {
    clock.advance(100);
    expect(store.connection.available).toBe(true);
  }, 10_000);
}

async function countWriters(): Promise<number> {
  const rows = await store.database.selectFrom('log_writers').select('id').execute();
  return rows.length;
}

describe('transactions over the worker', () => {
  it('[LOG49] what runs beside a transaction is no part of it: its rollback takes nothing else along', async () => {
    const document = await newDocument(store);
    const held = holdTransaction('rollback');
    await held.inside;
    const appended = newWriter(store).append(entry(document.id, 'beside'));
    const created = store.catalog.create(newTenant(), name('beside'), 'ada', AT);
    await nextTurn();
    held.goOn();
    await expect(held.done).rejects.toThrow('changed my mind');
    expect(await appended).toEqual([{ kind: 'stored', seq: 1 }]);
    expect((await created).kind).toBe('created');
    expect(await readTexts(store, document.id)).toEqual([[1, 'beside']]);
    // The writer of the append alone: the transaction's own row is gone.
    expect(await countWriters()).toBe(1);
  });

  it('[LOG49] nobody sees what a transaction did before it ends', async () => {
    const held = holdTransaction('rollback');
    await held.inside;
    const seen = countWriters();
    // What does not wait for the transaction is on its way to the worker after a turn.
    await nextTurn();
    held.goOn();
    await expect(held.done).rejects.toThrow('changed my mind');
    expect(await seen).toBe(0);
  });

  it('[LOG49] a commit that fails does not roll back the transaction behind it', async () => {
    const failing = store.database.transaction().execute(async (transaction) => {
      // Ends the transaction behind Kysely's back, so that its own commit is refused.
      await sql`commit`.execute(transaction);
    });
    const behind = holdTransaction('commit');
    await expect(failing).rejects.toMatchObject({ code: 'internal' });
    await behind.inside;
    behind.goOn();
    await behind.done;
    expect(await countWriters()).toBe(1);
  });

  it('[LOG49] a transaction that fails at a statement leaves nothing, and the next one works', async () => {
    const attempt = store.database.transaction().execute(async (transaction) => {
      await transaction.insertInto('log_writers').values({ incarnation: 'twice' }).execute();
      await transaction.insertInto('log_writers').values({ incarnation: 'twice' }).execute();
    });
    await expect(attempt).rejects.toMatchObject({ code: 'internal' });
    expect(await countWriters()).toBe(0);
    expect((await store.catalog.create(newTenant(), name('a'), 'ada', AT)).kind).toBe('created');
  });

  it('[LOG49] creations, renames and appends at once all happen, each as a whole', async () => {
    const tenant = newTenant();
    const documents = await newDocuments(store, 10);
    const writer = newWriter(store);
    const work = Array.from({ length: 60 }, async (_, index) => {
      const { record } = await store.catalog.create(tenant, name(`d${index}`), 'ada', AT);
      await writer.append(...documents.map((document) => entry(document.id, `${index}`)));
      await store.catalog.rename(tenant, record.name, name(`r${index}`), BY);
      if (index % 3 === 0) await removeNow(store, { tenant, name: name(`r${index}`) });
    });
    await Promise.all(work);
    const { records } = await store.catalog.list({ tenant, prefix: '', cursor: null, limit: 100 });
    expect(records).toHaveLength(40);
    for (const document of documents) expect(await readTexts(store, document.id)).toHaveLength(60);
  });
});

describe('the worker thread', () => {
  it('[OPS25] commits reach the disk: write-ahead log, full synchronisation, nobody else at the file', async () => {
    const pragma = async (query: ReturnType<typeof sql<Record<string, unknown>>>): Promise<unknown> =>
      Object.values((await query.execute(store.database)).rows[0] ?? {})[0];
    expect(await pragma(sql<Record<string, unknown>>`pragma journal_mode`)).toBe('wal');
    expect(await pragma(sql<Record<string, unknown>>`pragma synchronous`)).toBe(2);
    expect(await pragma(sql<Record<string, unknown>>`pragma locking_mode`)).toBe('exclusive');
  });

  it('[LOG35] a full disk stores nothing of a batch and fails as retryable; once there is room all of it goes in', async () => {
    const documents = await newDocuments(store, 3);
    const large = new Uint8Array(100_000);
    const batch = newWriter(store).batch(documents.map(({ id }) => ({ ...entry(id, ''), payload: large })));
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.database);
    // Room for the first two rows, not for the third.
    await sql`pragma max_page_count = ${sql.lit(rows[0]!.page_count + 60)}`.execute(store.database);
    await expect(store.log.append(batch)).rejects.toMatchObject(UNAVAILABLE);
    const heads = documents.map(({ id }) => ({ documentId: id, epoch: 1, head: 0 }));
    expect(await store.log.readHeads(documents.map(({ id }) => id))).toEqual(heads);
    await sql`pragma max_page_count = 1000000`.execute(store.database);
    const results = await store.log.append({ ...batch, retry: true });
    expect(results).toEqual(documents.map(() => ({ kind: 'stored', seq: 1 })));
  });

  it('[OPS26] when the worker dies, what is in flight fails as retryable, and a new worker takes over', async () => {
    const document = await newDocument(store);
    const writer = newWriter(store);
    await writer.append(entry(document.id, 'kept'));
    const lost = writer.batch([entry(document.id, 'unknown')]);
    const held = hold(workers[0]!);
    const inFlight = [store.log.append(lost), store.catalog.resolve(document.tenant, document.name)];
    const outcomes = Promise.allSettled(inFlight);
    await vi.waitFor(() => expect(held.kept).toHaveLength(2));
    await workers[0]!.terminate();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    expect(store.connection.available).toBe(false);
    await expect(newWriter(store).append(entry(document.id, 'x'))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.log.readRows(document.id, 0, 1)).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.catalog.create(newTenant(), name('a'), 'ada', AT)).rejects.toMatchObject(UNAVAILABLE);
    await untilRestarted();
    expect(workers.length).toBeGreaterThan(1);
    expect(await store.log.append({ ...lost, retry: true })).toEqual([{ kind: 'stored', seq: 2 }]);
    expect(await readTexts(store, document.id)).toEqual([
      [1, 'kept'],
      [2, 'unknown'],
    ]);
  });

  it('[OPS26] a transaction that was open when the worker died leaves nothing and holds nobody back', async () => {
    const held = holdTransaction('commit');
    await held.inside;
    const waiting = newDocument(store);
    await workers[0]!.terminate();
    held.goOn();
    await expect(held.done).rejects.toMatchObject(UNAVAILABLE);
    await expect(waiting).rejects.toMatchObject(UNAVAILABLE);
    await untilRestarted();
    expect(await countWriters()).toBe(0);
  });

  it('[OPS27] a request without an answer fails after ten seconds, as do those behind it, until answers come again', async () => {
    const document = await newDocument(store);
    const writer = newWriter(store);
    const late = writer.batch([entry(document.id, 'late')]);
    const held = hold(workers[0]!);
    const inFlight = [store.log.append(late), store.catalog.resolve(document.tenant, document.name)];
    const outcomes = Promise.allSettled(inFlight);
    await vi.waitFor(() => expect(held.kept).toHaveLength(2));
    clock.advance(10_000);
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    expect(store.connection.available).toBe(false);
    await expect(writer.append(entry(document.id, 'refused at once'))).rejects.toMatchObject(UNAVAILABLE);
    held.letGo();
    await vi.waitFor(() => expect(store.connection.available).toBe(true), 10_000);
    // The late one was stored after all, which the retry finds.
    expect(await store.log.append({ ...late, retry: true })).toEqual([{ kind: 'stored', seq: 1 }]);
    expect(await readTexts(store, document.id)).toEqual([[1, 'late']]);
    expect(workers).toHaveLength(1);
  });

  it('[OPS28] closing finishes what was asked for before, and takes nothing new', async () => {
    const document = await newDocument(store);
    const writer = newWriter(store);
    const held = holdTransaction('commit');
    await held.inside;
    const before = writer.append(entry(document.id, 'asked for before'));
    const closed = store.close();
    held.goOn();
    expect(await before).toEqual([{ kind: 'stored', seq: 1 }]);
    await closed;
    await expect(writer.append(entry(document.id, 'late'))).rejects.toMatchObject(UNAVAILABLE);
    await store.close();
    store = await openEmbeddedStore(directory.path);
    expect(await readTexts(store, document.id)).toEqual([[1, 'asked for before']]);
  });
});
