import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, readMetric, signToken, startTestNode } from './test-node.ts';

type Client = Awaited<ReturnType<typeof connectByHand>>;

const STATE_BYTES = 2_000_000;

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startTestNode>>;

beforeAll(async () => {
  directory = createTemporaryDirectory('limits');
  node = await startTestNode(directory.path, {
    LIMIT_UPDATES_PER_SECOND: '20',
    LIMIT_UPDATES_BURST: '500',
    LIMIT_BYTES_BURST: '1000000000',
    LIMIT_SESSIONS_PER_DOCUMENT: '20',
  });
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

function typing(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

describe('several sessions of one document on one socket', () => {
  it('[SOCK88] all of them are let in and served, with and without a session in their address', async () => {
    const client = await connectByHand(node.url);
    const token = await signToken({ sub: 'ada' });
    const addresses = ['twice', 'twice\0one', 'twice\0two'];
    for (const address of addresses) await client.enter(address, token);
    for (const [index, address] of addresses.entries()) {
      client.update(address, typing(`from ${address}`));
      expect(await client.until('status', index + 1)).toMatchObject({ saved: true, address });
    }
    client.socket.terminate();
  });

  it('[SOCK88] each is told what it may itself', async () => {
    const client = await connectByHand(node.url);
    const [editor, viewer] = [await signToken({ sub: 'ada' }), await signToken({ sub: 'ada', role: 'viewer' })];
    await client.enter('rights', editor);
    for (const [session, token] of Object.entries({ a: viewer, b: editor, c: viewer })) {
      client.login(`rights\0${session}`, token);
    }
    await client.until('authenticated', 4);
    const told = client.heard.flatMap((it) => (it.kind === 'authenticated' ? [[it.address, it.text]] : []));
    expect(Object.fromEntries(told)).toEqual({
      rights: 'read-write',
      'rights\0a': 'readonly',
      'rights\0b': 'read-write',
      'rights\0c': 'readonly',
    });
    client.socket.terminate();
  });

  it('[SOCK89] a login right behind a refused one on its address is answered', async () => {
    const client = await connectByHand(node.url);
    const token = await signToken({ sub: 'ada' });
    client.together(() => {
      client.login('again', 'no token');
      client.update('again', typing('meant for nobody'));
      client.login('again', token);
    });
    expect((await client.until('denied')).text).toBe('unauthenticated');
    expect((await client.until('authenticated')).text).toBe('read-write');
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    client.socket.terminate();
  });
});

describe('what a socket may send', () => {
  it.each([
    ['awareness', (client: Client) => client.awareness('signals', Uint8Array.of(0))],
    ['stateless messages', (client: Client) => client.stateless('signals', { anything: true })],
    ['questions about presence', (client: Client) => client.bare('signals', FRAME_TYPE.queryAwareness)],
    ['frames outside of a session', (client: Client) => client.update('elsewhere', Uint8Array.of(0, 0))],
    ['answers to no ping', (client: Client) => client.socket.send(Uint8Array.of(FRAME_TYPE.pong))],
  ] as const)(
    '[SOCK90] %s beyond their budget are not read for a while, and cost nobody the socket',
    async (_, send) => {
      const client = await connectByHand(node.url);
      await client.enter('signals', await signToken({ sub: 'ada' }));
      const before = await readMetric(node, 'reading_paused_total');
      for (let frame = 0; frame < 1_050; frame += 1) send(client);
      client.update('signals', typing('behind all of it'));
      expect((await client.until('status')).saved).toBe(true);
      expect(await readMetric(node, 'reading_paused_total')).toBeGreaterThan(before);
      client.socket.terminate();
    },
  );
});

describe('a client that asks and does not read', () => {
  it('[SOCK91] it costs one answer, however often it asks for a large document', async () => {
    const token = await signToken({ sub: 'ada' });
    const writer = await connectByHand(node.url);
    await writer.enter('large', token);
    writer.update('large', typing('x'.repeat(STATE_BYTES)));
    expect((await writer.until('status')).saved).toBe(true);
    const idle = await connectByHand(node.url);
    await idle.enter('large', token);
    idle.socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let ask = 0; ask < 400; ask += 1) {
      idle.step1('large');
      if (ask % 20 === 19) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    // A second answer may be on its way, and buffers of the first wait for their collection.
    expect(most).toBeLessThan(20 * STATE_BYTES);
    idle.socket.resume();
    await idle.until('step2', 2);
    for (const client of [writer, idle]) client.socket.terminate();
  });

  it('[SOCK80] a reader that leaves more than 64 MiB behind is cut at once', async () => {
    const token = await signToken({ sub: 'ada' });
    const [writer, idle] = [await connectByHand(node.url), await connectByHand(node.url)];
    await writer.enter('flood', token);
    // Each session is sent every update, so they fall behind together.
    for (let session = 0; session < 20; session += 1) await idle.enter(`flood\0${session}`, token);
    const before = await readMetric(node, 'slow_readers_total');
    idle.socket.pause();
    for (let count = 1; count <= 3; count += 1) {
      writer.update('flood', typing('x'.repeat(STATE_BYTES)));
      expect(await writer.until('status', count)).toMatchObject({ saved: true });
    }
    expect(await readMetric(node, 'slow_readers_total')).toBe(before + 1);
    expect(writer.socket.readyState).toBe(WebSocket.OPEN);
    for (const client of [writer, idle]) client.socket.terminate();
  });
});
