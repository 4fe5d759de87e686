import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogRow } from '../../src/ports/update-log.ts';
import { findPostgresPrograms, type PostgresServer, startPostgres } from '../services/postgres-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { inlineSegment } from './history-index.contract.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { bytes, entry, newDocument, newWriter } from './store-under-test.ts';

describe.skipIf(findPostgresPrograms() === null)('[LOG16] reads of history from a replica', () => {
  let primary: PostgresServer;
  let replica: PostgresServer;
  let store: PostgresStoreUnderTest;
  beforeAll(async () => {
    primary = await startPostgres();
    await primary.createDatabase('history');
    replica = await primary.startReplica();
    store = await openPostgresStore(primary.urlOf('history'), { replicaUrl: replica.urlOf('history') });
  });
  afterAll(async () => {
    await store.close();
    await replica.dispose();
    await primary.dispose();
  });

  const texts = (rows: readonly LogRow[]): readonly string[] =>
    rows.map((row) => new TextDecoder().decode(row.payload));

  /** Appends and waits until the replica has it too. */
  async function newReplicatedDocument(rows: readonly string[]): Promise<number> {
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    for (const text of rows) await writer.append(entry(id, text));
    await waitUntil('the replica has caught up', () =>
      store.historyReads
        .read(
          async (database) => (await sql`select from log_rows where document_id = ${id}`.execute(database)).rows.length,
          () => true,
        )
        .then((count) => count === rows.length),
    );
    return id;
  }

  /** Waits until the standby itself has replayed what the primary has written by now. */
  async function waitForReplay(): Promise<void> {
    const [{ lsn }] = (await askAt(primary, 'select pg_current_wal_lsn() as lsn')) as [{ lsn: string }];
    await waitUntil('the standby has replayed all', async () => {
      const query = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as level';
      const [row] = await askAt(replica, query, [lsn]).catch(() => []);
      return (row as { readonly level: boolean } | undefined)?.level === true;
    });
  }

  async function askAt(server: { urlOf(name: string): string }, query: string, values: readonly unknown[] = []) {
    const client = new pg.Client(server.urlOf('history'));
    await client.connect();
    try {
      return (await client.query(query, [...values])).rows as readonly unknown[];
    } finally {
      await client.end();
    }
  }

  /** Whether an answer that is complete comes from the standby. */
  async function comesFromReplica(): Promise<boolean> {
    const answer = await store.historyReads.read(
      (database) => sql<{ readonly standby: boolean }>`select pg_is_in_recovery() as standby`.execute(database),
      () => true,
    );
    return answer.rows[0]!.standby;
  }

  it('[LOG16] rows that the replica has come from there, the end of them from the primary', async () => {
    const id = await newReplicatedDocument(['a', 'b', 'c']);
    expect(await comesFromReplica()).toBe(true);
    expect(texts(await store.historyReads.log.readRows(id, 0, 2))).toEqual(['a', 'b']);
    expect(texts(await store.historyReads.log.readRows(id, 2, 2))).toEqual(['c']);
  });

  it('[LOG16] what a replica that is behind does not have comes from the primary', async () => {
    const id = await newReplicatedDocument(['a']);
    const control = new pg.Client(replica.urlOf('history'));
    await control.connect();
    await control.query('select pg_wal_replay_pause()');
    await newWriter(store).append(entry(id, 'b'));
    expect(await comesFromReplica()).toBe(true);
    expect(texts(await store.historyReads.log.readRows(id, 0, 10))).toEqual(['a', 'b']);
    expect(texts(await store.historyReads.log.readRows(id, 1, 1))).toEqual(['b']);
    await control.query('select pg_wal_replay_resume()');
    await control.end();
  });

  it('[HOOK246] a replica that has not seen the epoch of a document is not asked about it', async () => {
    const id = await newReplicatedDocument(['ada']);
    await store.history.publish(id, inlineSegment(1, 1), 1);
    await waitForReplay();
    const control = new pg.Client(replica.urlOf('history'));
    await control.connect();
    await control.query('select pg_wal_replay_pause()');
    const [row] = await store.log.readRows(id, 0, 1);
    const before = inlineSegment(1, 1);
    const after = inlineSegment(1, 2);
    const rows = [{ ...row!, bytes: 3, payload: bytes('erased-1'), isIntact: true }];
    const segment = { sha256: before.sha256, segment: { ...after, toSeq: 1 }, removableAt: 0 };
    const seal = { bytes: bytes('ada'), after: 1, from: 'ada', to: 'erased-1' };
    const read = async () => [
      texts(await store.historyReads.log.readRows(id, 0, 1)),
      (await store.historyReads.history.list(id, 0, 1)).map(({ sha256 }) => sha256),
      await store.historyReads.history.locate(id, 1),
    ];
    expect(await read()).toEqual([['ada'], [before.sha256], before.place]);
    expect(await store.authorship.replace(id, { epoch: 1, rows, segment, seal })).toBe(true);
    expect(await comesFromReplica()).toBe(true);
    expect(await read()).toEqual([['erased-1'], [after.sha256], after.place]);
    expect((await store.historyReads.history.findAnew(id, 1))?.sha256).toBe(after.sha256);
    await control.query('select pg_wal_replay_resume()');
    await control.end();
  });

  it('[LOG16] a replica that is away is left alone, and the primary answers', async () => {
    const id = await newReplicatedDocument(['a', 'b']);
    await replica.stop();
    expect(texts(await store.historyReads.log.readRows(id, 0, 2))).toEqual(['a', 'b']);
    expect(await comesFromReplica()).toBe(false);
    await replica.start();
  });

  it('[LOG16] a node whose own address leads to a standby takes no appends, and says so', async () => {
    const { id } = await newDocument(store);
    await waitForReplay();
    const astray = await openPostgresStore(replica.urlOf('history'));
    expect(await astray.health()).toEqual({ kind: 'unavailable', reason: 'the database is a read-only standby' });
    await expect(newWriter(astray).append(entry(id, 'a'))).rejects.toMatchObject({ code: 'storage-unavailable' });
    await astray.close();
  });
});
