import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { missing, newDatabase, newRedisSpace } from '../services/shared-services.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

describe.skipIf(missing.postgres || missing.redis)('[REST102] programs on two nodes', () => {
  const directories = [createTemporaryDirectory('rest-one'), createTemporaryDirectory('rest-two')] as const;
  const nodes: Awaited<ReturnType<typeof startTestNode>>[] = [];
  let one: Caller;
  let two: Caller;

  beforeAll(async () => {
    const redis = newRedisSpace();
    const variables = { DATABASE_URL: await newDatabase(), REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix };
    for (const { path } of directories) nodes.push(await startTestNode(path, variables));
    [one, two] = [await createCaller(nodes[0]!), await createCaller(nodes[1]!)];
  });
  afterAll(async () => {
    for (const node of nodes) await node.stop();
    for (const directory of directories) directory.remove();
  });

  const put = (call: Caller, path: string, { body, etag }: { readonly body: string; readonly etag?: string }) =>
    call('PUT', `${path}/content`, {
      type: 'text/markdown',
      body,
      ...(etag !== undefined && { headers: { 'if-match': etag } }),
    });
  const read = async (call: Caller, path: string, headers: Readonly<Record<string, string>> = {}) =>
    call('GET', `${path}/content?format=markdown`, { headers });

  it('each sees at once what the other has written, where it asks for that, and soon in any case', async () => {
    await put(one, '/documents/a', { body: 'first\n' });
    expect((await read(two, '/documents/a')).text).toBe('first\n');
    for (const [writer, reader, text] of [
      [one, two, 'second'],
      [two, one, 'third'],
    ] as const) {
      await put(writer, '/documents/a', { body: `${text}\n` });
      expect((await read(reader, '/documents/a', { 'cache-control': 'no-cache' })).text).toBe(`${text}\n`);
      expect((await read(writer, '/documents/a')).text).toBe(`${text}\n`);
      await waitUntil(
        'the other node gives it too',
        async () => (await read(reader, '/documents/a')).text === `${text}\n`,
      );
    }
  });

  it('of two that name one state, one writes, wherever they ask', async () => {
    let { etag } = await put(one, '/documents/b', { body: '0\n' });
    for (let round = 1; round <= 10; round += 1) {
      const answers = await Promise.all([
        put(one, '/documents/b', { body: `one ${round}\n`, etag }),
        put(two, '/documents/b', { body: `two ${round}\n`, etag }),
      ]);
      expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 412]);
      etag = answers.find(({ status }) => status === 200)?.etag ?? '';
    }
    expect(etag).toBe('"1-11"');
  });

  it('what is typed on one node moves the state on for a program on the other', async () => {
    await put(one, '/documents/c', { body: 'x\n' });
    const client = await connectByHand(nodes[0]!.url);
    await client.enter('c', await signToken({ sub: 'bob' }));
    for (let round = 0; round < 5; round += 1) {
      const { etag } = await read(two, '/documents/c', { 'cache-control': 'no-cache' });
      const doc = new Y.Doc();
      doc.getText(`aside${round}`).insert(0, 'typed');
      client.update('c', Y.encodeStateAsUpdate(doc));
      await client.until('status', round + 1);
      expect((await put(two, '/documents/c', { body: `${round}\n`, etag })).status).toBe(412);
    }
    client.socket.close();
  });

  it('a job is done by whichever node comes to it, and told by both', async () => {
    await put(one, '/documents/d', { body: 'x\n' });
    const operations = [{ op: 'insertBlock', to: { at: 'end' }, node: { type: 'paragraph' } }];
    const { json } = await one('POST', '/changes', { body: { documents: [{ name: 'd', operations }] } });
    const path = `/jobs/${String(json['id'])}`;
    await waitUntil('the job is finished', async () => (await two('GET', path)).json['status'] === 'finished');
    expect((await one('GET', path)).json).toMatchObject({ done: 1, documents: [{ status: 'done', seq: 2 }] });
  });
});
