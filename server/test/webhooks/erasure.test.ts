import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { S3Settings } from '../../src/adapters/s3/open-s3.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from '../contracts/postgres-store.ts';
import { type NodeProcess, startNodeProcess } from '../node/node-process.ts';
import { connectByHand, signToken } from '../node/test-node.ts';
import { newBucket } from '../services/s3-bucket.ts';
import { missing, newDatabase, newRedisSpace } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';

const MARKER = 'Marker4711OfTheErasedDocument';

let directory: TemporaryDirectory;
const ends: (() => unknown)[] = [];
beforeEach(() => void (directory = createTemporaryDirectory('erasure')));
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

/** How zstd's frames begin, in which history segments and published pages are packed. */
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Whether the marker is in bytes, as they are or in what is packed in them. */
function holdsMarker(bytes: Buffer): 'plain' | 'packed' | null {
  if (bytes.includes(MARKER)) return 'plain';
  for (let at = bytes.indexOf(ZSTD); at !== -1; at = bytes.indexOf(ZSTD, at + 1)) {
    try {
      if (zstdDecompressSync(bytes.subarray(at)).includes(MARKER)) return 'packed';
    } catch {
      // It only looks like one.
    }
  }
  return null;
}

/** Tables whose bytes hold the marker, plain or packed. */
async function findInBytes({ database }: PostgresStoreUnderTest): Promise<readonly string[]> {
  const columns = await sql<{ table: string; column: string }>`
    select c.oid::regclass::text as table, quote_ident(a.attname) as column from pg_attribute a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where a.atttypid = 'bytea'::regtype and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')
      and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
    order by 1, 2`.execute(database);
  const found: string[] = [];
  for (const { table, column } of columns.rows) {
    const { rows } = await sql<{ bytes: Uint8Array | null }>`
      select ${sql.raw(column)} as bytes from ${sql.raw(table)}`.execute(database);
    if (rows.some(({ bytes }) => bytes !== null && holdsMarker(Buffer.from(bytes)) !== null)) found.push(table);
  }
  return found;
}

/** Tables in which the marker is, as text or as bytes. */
async function findInPostgres({ database }: PostgresStoreUnderTest): Promise<readonly string[]> {
  const tables = await sql<{ name: string }>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
    order by 1`.execute(database);
  const hex = Buffer.from(MARKER).toString('hex');
  const found: string[] = [];
  for (const { name } of tables.rows) {
    // The text of a row shows bytes in hex.
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from ${sql.raw(name)} t
      where strpos(t::text, ${MARKER}) > 0 or strpos(t::text, ${hex}) > 0`.execute(database);
    if (Number(rows[0]?.count) > 0) found.push(name);
  }
  return found;
}

/** Keys of objects that hold the marker, plain or packed, and of all there are. */
async function findInBucket({ bucket: Bucket, endpoint, credentials }: S3Settings) {
  const { accessKeyId = '', secretAccessKey = '' } = credentials ?? {};
  const client = new S3Client({
    endpoint: endpoint ?? '',
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const keys = Contents.map(({ Key = '' }) => Key);
  const marked: { readonly key: string; readonly how: 'plain' | 'packed' }[] = [];
  for (const Key of keys) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    const how = holdsMarker(Buffer.from((await Body?.transformToByteArray()) ?? []));
    if (how !== null) marked.push({ key: Key, how });
  }
  client.destroy();
  return { keys, marked };
}

/** Keys of Redis that hold the marker, in whatever form; a dump is compressed, where what is read is not. */
async function findInRedis(url: string): Promise<readonly string[]> {
  const redis = new Redis(url);
  const found: string[] = [];
  for await (const keys of redis.scanStream({ count: 1_000 })) {
    for (const key of keys as string[]) {
      const value = await ((await redis.type(key)) === 'string' ? redis.getBuffer(key) : redis.dumpBuffer(key));
      if (value !== null && holdsMarker(Buffer.from(value)) !== null) found.push(key);
    }
  }
  redis.disconnect();
  return found;
}

async function write(node: NodeProcess, document: string, text: string): Promise<void> {
  const client = await connectByHand(`ws://127.0.0.1:${await node.port}/collab`);
  await client.enter(document, await signToken({ sub: 'ada', role: 'owner' }));
  const doc = new Y.Doc();
  doc.getText('t').insert(0, text);
  client.update(document, Y.encodeStateAsUpdate(doc));
  await client.until('status');
  client.socket.close();
}

describe.skipIf(missing.postgres || missing.redis || missing.objectStore)('a cluster', () => {
  it('[HOOK52] keeps no byte of an erased document in PostgreSQL, the bucket, Redis or the log, and keeps the others', async () => {
    const [url, redis, bucket] = [await newDatabase(), newRedisSpace(), await newBucket()];
    const node = startNodeProcess(directory.path, {
      variables: {
        DATABASE_URL: url,
        REDIS_URL: redis.url,
        REDIS_PREFIX: redis.prefix,
        S3_BUCKET: bucket.bucket,
        S3_ENDPOINT: bucket.endpoint ?? '',
        S3_FORCE_PATH_STYLE: 'true',
        AWS_ACCESS_KEY_ID: bucket.credentials?.accessKeyId ?? '',
        AWS_SECRET_ACCESS_KEY: bucket.credentials?.secretAccessKey ?? '',
        LOG_LEVEL: 'debug',
        EVENTS_QUIET_SECONDS: '1',
      },
    });
    ends.push(() => node.kill());
    const origin = `http://127.0.0.1:${await node.port}`;
    const authorization = `Bearer ${await signToken({ sub: 'grace', role: 'admin' })}`;
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${origin}/v1${path}`, {
        ...init,
        headers: { authorization, ...(init.body !== undefined && { 'content-type': 'application/json' }) },
      });
    // Large enough for a segment of its history, and too varied for that to become small.
    const line = (): string => `${MARKER} ${randomBytes(64).toString('hex')}\n`;
    await write(node, 'doomed', Array.from({ length: 3_000 }, line).join(''));
    await write(node, 'kept', 'what stays '.repeat(10_000));
    const store = await openPostgresStore(url);
    ends.push(() => store.close());
    // Both snapshots and the segment are there, or there would be nothing to find.
    await waitUntil('they are in the bucket', async () => (await findInBucket(bucket)).keys.length >= 3);
    expect(await findInPostgres(store)).toEqual(['log_rows']);
    expect((await findInBucket(bucket)).marked.map(({ how }) => how).toSorted()).toEqual(['packed', 'plain']);
    const edition = { method: 'PUT', body: JSON.stringify({ title: MARKER }) };
    expect((await ask('/documents/doomed/publication', edition)).status).toBe(200);
    expect(await findInBytes(store)).toEqual(['log_rows', 'publication_editions']);
    // What was read is kept for the other nodes; the first reads may come before the connection is there.
    await waitUntil('a rendering is in Redis', async () => {
      for (const format of ['text', 'html']) await (await ask(`/documents/doomed/content?format=${format}`)).text();
      return (await findInRedis(redis.url)).length === 1;
    });

    const erased = await ask('/documents/doomed/erasure', { method: 'POST' });
    expect(erased.status).toBe(200);
    const record = (await erased.json()) as { readonly finishedAt: string | null };
    expect(record).toMatchObject({ counts: { rows: 1, objects: 2 } });
    expect(record.finishedAt).not.toBeNull();
    expect([await findInPostgres(store), await findInBytes(store)]).toEqual([[], []]);
    const left = await findInBucket(bucket);
    expect([left.marked, left.keys.length]).toEqual([[], 1]);
    expect(await findInRedis(redis.url)).toEqual([]);
    expect((await ask('/documents/doomed')).status).toBe(410);
    expect((await (await ask('/documents/kept/content?format=text')).text()).trim()).toBe(
      'what stays '.repeat(10_000).trim(),
    );
    // Somebody who comes back with all of it cannot bring it back.
    const client = await connectByHand(`ws://127.0.0.1:${await node.port}/collab`);
    client.login('doomed', await signToken({ sub: 'ada', role: 'viewer' }));
    await client.until('denied');
    client.socket.close();
    node.terminate();
    await node.code;
    const output = node.output() + node.errors();
    expect(output).toContain('"level"');
    expect(output).not.toContain(MARKER);
  });
});
