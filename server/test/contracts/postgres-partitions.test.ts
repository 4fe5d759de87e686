import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missing, newDatabase } from '../services/shared-services.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { entry, newDocuments, newWriter, readTexts } from './store-under-test.ts';

describe.skipIf(missing.postgres)('partitions of the log', () => {
  let store: PostgresStoreUnderTest;
  beforeEach(async () => {
    const drop = { floor: 'document_heads.archived_seq', keepDays: 2 };
    store = await openPostgresStore(await newDatabase(), { drop });
  });
  afterEach(() => store.close());

  /** Partitions by the days they are away from today, without the default one. */
  async function listDays(): Promise<readonly number[]> {
    const { rows } = await sql<{ readonly away: number }>`
      select to_date(right(c.relname, 8), 'YYYYMMDD') - (now() at time zone 'utc')::date as away
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'log_rows'::regclass and c.relname <> 'log_rows_default' order by 1`.execute(store.database);
    return rows.map((row) => row.away);
  }

  /** The partition of a day that is so many days away. */
  async function nameOf(away: number): Promise<string> {
    const { rows } = await sql<{ readonly name: string }>`
      select 'log_rows_' || to_char((now() at time zone 'utc')::date + ${away}::int, 'YYYYMMDD') as name`.execute(
      store.database,
    );
    return rows[0]!.name;
  }

  /** Makes the partition of a day in the past and moves all rows of today there. */
  async function ageRows(away: number): Promise<void> {
    const partition = sql.raw(await nameOf(away));
    const day = sql`(now() at time zone 'utc')::date + ${sql.lit(away)}::int`;
    await sql`create table ${partition} (like log_rows including all)`.execute(store.database);
    await sql`do $$ begin execute format('alter table log_rows attach partition %I for values from (%L) to (%L)',
      ${sql.lit(await nameOf(away))}, ${day}, ${day} + 1); end $$`.execute(store.database);
    await sql`update log_rows set day = ${day}`.execute(store.database);
  }

  async function archive(documentId: number, seq: number): Promise<void> {
    await sql`update document_heads set archived_seq = ${seq} where document_id = ${documentId}`.execute(
      store.database,
    );
  }

  it('[LOG14] there is a partition for today and the seven days ahead, with settings of its own', async () => {
    expect(await listDays()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { rows } = await sql<{ readonly options: string; readonly storage: string }>`
      select c.reloptions::text as options, a.attstorage as storage
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'payload'
      where c.relname = ${await nameOf(3)}`.execute(store.database);
    expect(rows[0]?.options).toContain('autovacuum_freeze_min_age=0');
    expect(rows[0]?.storage).toBe('e');
  });

  it('[LOG14] a missing one is made again, by one of those who notice at once', async () => {
    await sql`drop table ${sql.raw(await nameOf(7))}`.execute(store.database);
    await Promise.all([store.keepUp(), store.keepUp(), store.keepUp()]);
    expect(await listDays()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('[LOG13] an append on a day without a partition is stored like any other, and the other days still get theirs', async () => {
    const [document] = await newDocuments(store, 1);
    for (const away of [0, 7]) await sql`drop table ${sql.raw(await nameOf(away))}`.execute(store.database);
    const writer = newWriter(store);
    await writer.append(entry(document!.id, 'a'));
    await store.keepUp();
    expect(await listDays()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const batch = writer.batch([entry(document!.id, 'b')]);
    await store.log.append(batch);
    expect(await store.log.append({ ...batch, retry: true })).toEqual([{ kind: 'stored', seq: 2 }]);
    expect(await readTexts(store, document!.id)).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('[LOG13] rows that wait without a partition go once they are old and below the floor', async () => {
    const [kept, gone] = await newDocuments(store, 2);
    await sql`drop table ${sql.raw(await nameOf(0))}`.execute(store.database);
    const writer = newWriter(store);
    for (const text of ['a', 'b']) await writer.append(entry(kept!.id, text), entry(gone!.id, text));
    await archive(kept!.id, 1);
    await archive(gone!.id, 2);
    await store.keepUp();
    expect(await readTexts(store, gone!.id)).toHaveLength(2);
    await sql`update log_rows set day = day - 3`.execute(store.database);
    await store.keepUp();
    expect(await readTexts(store, gone!.id)).toEqual([]);
    expect(await readTexts(store, kept!.id)).toEqual([[2, 'b']]);
  });

  it("[LOG15] a day is dropped once every row in it is at or below its document's floor, and not one row sooner", async () => {
    const documents = await newDocuments(store, 3);
    const writer = newWriter(store);
    for (const text of ['a', 'b', 'c']) await writer.append(...documents.map(({ id }) => entry(id, text)));
    await ageRows(-3);
    await archive(documents[0]!.id, 3);
    await archive(documents[1]!.id, 2);
    await archive(documents[2]!.id, 9);
    await store.keepUp();
    expect(await listDays()).toContain(-3);
    expect(await readTexts(store, documents[2]!.id)).toHaveLength(3);
    await archive(documents[1]!.id, 3);
    await store.keepUp();
    expect(await listDays()).not.toContain(-3);
    for (const { id } of documents) expect(await readTexts(store, id)).toEqual([]);
    const left = await sql`select relname from pg_class where relname like 'log\\_dropped%'`.execute(store.database);
    expect(left.rows).toEqual([]);
    expect(await writer.append(entry(documents[0]!.id, 'd'))).toEqual([{ kind: 'stored', seq: 4 }]);
  });

  it('[LOG15] a recent day stays, whatever the floor says', async () => {
    const [document] = await newDocuments(store, 1);
    await newWriter(store).append(entry(document!.id, 'a'));
    await archive(document!.id, 1);
    await ageRows(-2);
    await store.keepUp();
    expect(await readTexts(store, document!.id)).toEqual([[1, 'a']]);
  });

  it('[LOG15] a floor that is not known keeps all', async () => {
    await store.close();
    store = await openPostgresStore(await newDatabase(), { drop: { floor: 'null::bigint', keepDays: 2 } });
    const [document] = await newDocuments(store, 1);
    await newWriter(store).append(entry(document!.id, 'a'));
    await ageRows(-3);
    await store.keepUp();
    expect(await readTexts(store, document!.id)).toEqual([[1, 'a']]);
  });

  it('[LOG15] unless told otherwise, the floor is the least of archive, snapshot and cursors', async () => {
    await store.close();
    store = await openPostgresStore(await newDatabase());
    const [document] = await newDocuments(store, 1);
    const { id } = document!;
    const writer = newWriter(store);
    for (const text of ['a', 'b']) await writer.append(entry(id, text));
    await ageRows(-3);
    await archive(id, 2);
    await store.keepUp();
    expect(await readTexts(store, id)).toHaveLength(2);
    await store.register.register(id, 'key', 1);
    const snapshot = { seq: 2, at: 1, sha256: 'ab', bytes: 1, place: { kind: 'object', key: 'key' } } as const;
    await store.snapshotIndex.publish({ documentId: id, epoch: 1, expectedSeq: 0, snapshot });
    await archive(id, 1);
    await store.keepUp();
    expect(await readTexts(store, id)).toHaveLength(2);
    await archive(id, 2);
    await store.cursors.register('search', 'every-document');
    await store.keepUp();
    expect(await readTexts(store, id)).toHaveLength(2);
    await store.cursors.advance('search', id, 2);
    await store.keepUp();
    expect(await readTexts(store, id)).toEqual([]);
  });

  it('[LOG15] a drop that meets a long read gives up instead of holding up appends, and comes back', async () => {
    const [document] = await newDocuments(store, 1);
    const { id } = document!;
    const writer = newWriter(store);
    await writer.append(entry(id, 'a'));
    await ageRows(-3);
    await archive(id, 1);
    let keptUp = false;
    await store.database.transaction().execute(async (transaction) => {
      await transaction.selectFrom('log_rows').select('seq').execute();
      const upkeep = store.keepUp().then(() => (keptUp = true));
      // Appends go on all the while, from before the first try until the upkeep has given up.
      await waitUntil('the upkeep has given up', async () => {
        const [result] = await writer.append(entry(id, 'more'));
        expect(result?.kind).toBe('stored');
        return keptUp;
      });
      await upkeep;
    });
    expect(await listDays()).toContain(-3);
    await store.keepUp();
    expect(await listDays()).not.toContain(-3);
  });
});
