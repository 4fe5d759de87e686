import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import type { S3Settings } from '../../src/adapters/s3/open-s3.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from '../contracts/postgres-store.ts';
import { type NodeProcess, startNodeProcess } from '../node/node-process.ts';
import { type Caller, createCaller } from '../node/rest-calls.ts';
import { connectByHand, signToken } from '../node/test-node.ts';
import { newBucket } from '../services/s3-bucket.ts';
import { missing, newDatabase, newRedisSpace } from '../services/shared-services.ts';
import { scanTables } from '../support/scan-tables.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';

// An erasure waits for what was under way before it ends.
vi.setConfig({ testTimeout: 240_000 });

const PATIENCE = 120_000;

interface Erasure {
  readonly id: string;
  readonly pseudonym: string;
  readonly finishedAt: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

/** All objects in which a text is, compressed or not. */
async function scanBucket({ bucket: Bucket, endpoint, credentials }: S3Settings, text: string) {
  const { accessKeyId = '', secretAccessKey = '' } = credentials ?? {};
  const client = new S3Client({
    endpoint: endpoint ?? '',
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const marked: string[] = [];
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    if (unpack(bytes).some((form) => form.includes(text))) marked.push(Key ?? '');
  }
  client.destroy();
  return { objects: Contents.length, marked };
}

/** The bytes in every form that they may be a compressed one of. */
function unpack(bytes: Buffer): readonly Buffer[] {
  const forms = [bytes];
  for (const decompress of [zstdDecompressSync, brotliDecompressSync, gunzipSync]) {
    try {
      forms.push(decompress(bytes));
    } catch {
      // Not that form.
    }
  }
  return forms;
}

/** Keys of Redis that are called by a text, or hold it. */
async function scanRedis(url: string, text: string): Promise<readonly string[]> {
  const redis = new Redis(url);
  const found: string[] = [];
  for await (const keys of redis.scanStream({ count: 1_000 })) {
    for (const key of keys as string[]) {
      const value = await ((await redis.type(key)) === 'string' ? redis.getBuffer(key) : redis.dumpBuffer(key));
      if (key.includes(text) || value?.includes(text) === true) found.push(key);
    }
  }
  redis.disconnect();
  return found;
}

function edit(words: string): Uint8Array {
  const document = new Y.Doc();
  document.getText('t').insert(0, words);
  return Y.encodeStateAsUpdate(document);
}

describe.skipIf(missing.postgres || missing.redis || missing.objectStore)('a person on two nodes', () => {
  const directories = [createTemporaryDirectory('person-one'), createTemporaryDirectory('person-two')] as const;
  const marker = `ada-${randomUUID()}`;
  let nodes: readonly NodeProcess[] = [];
  let store: PostgresStoreUnderTest;
  let bucket: S3Settings;
  let redis: string;
  let own: string;
  let before: readonly string[];
  let erasure: Erasure;
  let [admin, ada, adaOnTwo]: Caller[] = [];

  beforeAll(async () => {
    const space = newRedisSpace();
    redis = space.url;
    bucket = await newBucket();
    const url = await newDatabase();
    const variables = {
      DATABASE_URL: url,
      REDIS_URL: space.url,
      REDIS_PREFIX: space.prefix,
      S3_BUCKET: bucket.bucket,
      S3_ENDPOINT: bucket.endpoint ?? '',
      S3_FORCE_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: bucket.credentials?.accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: bucket.credentials?.secretAccessKey ?? '',
      LOG_LEVEL: 'debug',
      EVENTS_QUIET_SECONDS: '1',
    };
    nodes = directories.map(({ path }) => startNodeProcess(path, { variables }));
    store = await openPostgresStore(url);
    const [one, two] = [await nodes[0]!.port, await nodes[1]!.port];
    own = await signToken({ sub: marker, role: 'owner', name: `Called ${marker}` });
    admin = await createCaller({ port: one }, { sub: 'grace', role: 'admin' });
    ada = await createCaller({ port: one }, { sub: marker, role: 'owner' });
    adaOnTwo = await createCaller({ port: two }, { sub: marker, role: 'owner' });
  });
  afterAll(async () => {
    for (const node of nodes) node.kill();
    await Promise.all(nodes.map(({ code }) => code));
    await store?.close();
    for (const directory of directories) directory.remove();
  });

  /** Opens a document on a node. */
  const enter = async (node: number, document: string, token: string) => {
    const client = await connectByHand(`ws://127.0.0.1:${await nodes[node]!.port}/collab`);
    await client.enter(document, token);
    return client;
  };

  /** Somebody does whatever people do. */
  async function live(): Promise<void> {
    const client = await enter(0, 'written', own);
    client.update('written', edit('what she wrote '.repeat(10_000)));
    await client.until('status');
    client.socket.close();
    const ok = async (answer: ReturnType<Caller>): Promise<void> => expect((await answer).status).toBeLessThan(300);
    await ok(ada!('PUT', '/documents/made/content', { type: 'text/markdown', body: 'hers\n' }));
    await ok(ada!('POST', '/documents/made/versions', { body: { label: 'first' } }));
    await ok(ada!('PUT', '/documents/made/publication', { body: {} }));
    const headers = { 'idempotency-key': randomUUID() };
    await ok(ada!('PATCH', '/documents/made', { body: { title: 'T' }, headers }));
    const owner = await signToken({ sub: marker, role: 'admin' });
    await ok(ada!('POST', '/webhooks', { body: { url: 'https://example.org/hook' }, token: owner }));
    await ok(ada!('POST', '/api-keys', { body: { label: 'k' }, token: owner }));
    await ok(ada!('PUT', '/documents/made/grants/user:lin', { body: { role: 'viewer' } }));
    const given = { subject: `user:${marker}`, resource: 'shared/*', role: 'editor' };
    await ok(admin!('PUT', '/grants', { body: given, headers: { 'idempotency-key': randomUUID() } }));
    await ok(ada!('PUT', '/documents/deleted/content', { type: 'text/markdown', body: 'gone\n' }));
    await ok(ada!('DELETE', '/documents/deleted'));
  }

  it('[HOOK256] is nobody on the second node from the moment of the erasure on', async () => {
    await live();
    await waitUntil(
      'a snapshot is in the bucket',
      async () => (await scanBucket(bucket, marker)).objects > 0,
      PATIENCE,
    );
    before = await scanTables(store.database, marker);
    for (const table of ['log_rows', 'client_bindings', 'documents', 'document_versions', 'publications', 'webhooks'])
      expect(before).toContain(table);
    const session = await enter(1, 'written', own);
    // Not the first question on that node: what it remembers of her is wrong in a moment.
    expect((await adaOnTwo!('GET', '/documents/made')).status).toBe(200);

    const begun = await admin!('POST', `/users/${marker}/erasure`);
    expect([begun.status, begun.json['kind'], begun.json['finishedAt']]).toEqual([202, 'person', null]);
    erasure = begun.json as unknown as Erasure;
    expect(begun.headers.get('location')).toBe(`/v1/erasures/${erasure.id}`);
    expect(await session.until('denied')).toMatchObject({ text: 'unauthenticated' });
    await waitUntil('she is refused on the second node', async () => {
      await sleep(50);
      const { status, json } = await adaOnTwo!('GET', '/documents/made');
      return status === 401 && json['code'] === 'unauthenticated';
    });
    expect((await ada!('GET', '/session')).status).toBe(401);
    expect((await admin!('DELETE', `/users/${marker}/erasure`)).json['code']).toBe('bad-request');
  });

  it('[HOOK253] leaves no trace of the id but in the audit log', async () => {
    const { id, pseudonym } = erasure;
    const read = async (): Promise<Erasure> => {
      // As seldom as people would ask, since requests are counted.
      await sleep(500);
      const answer = await admin!('GET', `/erasures/${id}`);
      expect(answer.status).toBe(200);
      return answer.json as unknown as Erasure;
    };
    await waitUntil('the erasure is finished', async () => (await read()).finishedAt !== null, PATIENCE);
    expect(await scanTables(store.database, marker)).toEqual(['audit_rows']);
    expect(await scanTables(store.database, pseudonym)).toEqual(
      expect.arrayContaining(before.filter((it) => ['documents', 'webhooks', 'publications'].includes(it))),
    );
    expect((await scanBucket(bucket, marker)).marked).toEqual([]);
    // Counts of requests end by themselves within a minute.
    await waitUntil('Redis has forgotten her', async () => (await scanRedis(redis, marker)).length === 0, PATIENCE);
    expect((await read()).counts).toMatchObject({ versions: 1, publications: 1, webhooks: 1, apiKeys: 1 });
    await checkWhatStays(pseudonym);
    for (const node of nodes) {
      const output = node.output() + node.errors();
      expect(output).toContain('"level"');
      expect(output).not.toContain(marker);
    }
  });

  /** Rows of the audit log as they are stored. */
  async function countRowsBy(actor: string): Promise<number> {
    const rows = await store.database.selectFrom('audit_rows').select('seq').where('actor', '=', actor).execute();
    return rows.length;
  }

  async function checkWhatStays(pseudonym: string): Promise<void> {
    expect((await admin!('GET', '/documents/made/content?format=markdown')).text).toBe('hers\n');
    expect((await admin!('GET', '/documents/made')).json['createdBy'] ?? pseudonym).toBe(pseudonym);
    const audit = await admin!('GET', '/audit?limit=100');
    expect(audit.text).toContain(pseudonym);
    expect(audit.text).not.toContain(marker);
    expect((await admin!('GET', `/audit?actor=${marker}`)).json['entries']).toEqual([]);
    const rows = await countRowsBy(marker);
    expect(rows).toBeGreaterThan(0);
    for (const [who, token] of [
      ['she', own],
      ['a stranger', await signToken({ sub: 'mallory', role: 'none' })],
    ] as const) {
      const knocking = await connectByHand(`ws://127.0.0.1:${await nodes[1]!.port}/collab`);
      knocking.login('written', token);
      expect([who, (await knocking.until('denied')).kind]).toEqual([who, 'denied']);
      knocking.socket.close();
    }
    // Whoever knocked behind her is written down, and she is not.
    await waitUntil('the stranger is in the audit log', async () => (await countRowsBy('mallory')) > 0);
    expect(await countRowsBy(marker)).toBe(rows);
    const exported = await admin!('GET', `/users/${marker}/export`);
    expect(Object.values(exported.json).filter(Array.isArray).flat()).toEqual([]);
  }

  it('[HOOK254] she comes back with a new token, and without her past', async () => {
    expect((await admin!('GET', `/users/${marker}/erasure`)).status).toBe(200);
    expect((await admin!('DELETE', `/users/${marker}/erasure`)).status).toBe(204);
    expect((await admin!('GET', `/users/${marker}/erasure`)).status).toBe(404);
    expect((await ada!('GET', '/session')).status).toBe(401);
    const fresh = await signToken({ sub: marker, role: 'viewer' });
    expect((await ada!('GET', '/session', { token: fresh })).status).toBe(200);
    expect((await admin!('GET', '/audit?limit=100')).text).not.toContain(marker);
  });
});
