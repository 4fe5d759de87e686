import { once } from 'node:events';
import type { Socket } from 'node:net';
import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, readMetric, signToken, startTestNode } from './test-node.ts';

const WAIT = { timeout: 30_000, interval: 20 };

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startTestNode>>;
let token: string;

beforeAll(async () => {
  directory = createTemporaryDirectory('hostile');
  node = await startTestNode(directory.path, {
    LIMIT_LOGIN_SECONDS: '3',
    LIMIT_BYTES_PER_SECOND: '200000',
    LIMIT_BYTES_BURST: '2000000',
    LIMIT_FAILURES_PER_ADDRESS: '10',
    LIMIT_CONNECTIONS_PER_ADDRESS: '3',
    LIMIT_CONNECTIONS_PER_TENANT: '2',
    TRUSTED_PROXIES: 'loopback',
  });
  token = await signToken({ sub: 'ada', tenant: 'ours' });
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

/** Begins a message of so many bytes, and sends the first of them. */
function beginMessage(socket: WebSocket, bytes: number): void {
  const header = Buffer.alloc(14);
  header[0] = 0x82;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(bytes), 2);
  (Reflect.get(socket, '_socket') as Socket).write(Buffer.concat([header, Buffer.alloc(1_000)]));
}

/** Whoever is behind a proxy at the address. */
function behind(address: string) {
  return { headers: { 'x-forwarded-for': `198.51.100.99, ${address}` } };
}

async function statusOfUpgrade(address: string): Promise<number> {
  const socket = new WebSocket(node.url, behind(address));
  socket.on('error', () => undefined);
  const answered = Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode),
  ]);
  const status = await answered;
  socket.terminate();
  return status;
}

describe('a socket on which nobody signed in', () => {
  it('[SOCK100] may not begin a message larger than 16 KB, and a large one is fine behind a token', async () => {
    const stranger = await connectByHand(node.url);
    beginMessage(stranger.socket, 98_000_000);
    expect(await stranger.closed).toBe(CLOSE_CODES.messageTooLarge);
    const client = await connectByHand(node.url);
    await client.enter('large', token);
    client.update('large', typing('x'.repeat(1_500_000)));
    expect((await client.until('status')).saved).toBe(true);
    client.socket.terminate();
  });

  it('[SOCK81] has its time, and no more', async () => {
    const stranger = await connectByHand(node.url);
    expect(await stranger.closed).toBe(CLOSE_CODES.unauthorized);
  });

  it('[SOCK102] is closed after five bad tokens', async () => {
    const stranger = await connectByHand(node.url);
    for (let count = 0; count < 5; count += 1) stranger.login(`doc-${count}`, 'guess');
    expect(await stranger.closed).toBe(CLOSE_CODES.unauthorized);
    expect(stranger.heard.filter(({ kind }) => kind === 'denied')).toHaveLength(5);
  });
});

describe('a socket of somebody who is in', () => {
  it('[SOCK102] may ask for many documents that are not there, but not show five bad tokens', async () => {
    const client = await connectByHand(node.url);
    const guest = await signToken({ sub: 'eve', tenant: 'guests', role: 'none', documents: { open: 'editor' } });
    await client.enter('open', guest);
    for (let count = 0; count < 8; count += 1) client.login(`secret-${count}`, guest);
    await client.until('denied', 8);
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    for (let count = 0; count < 5; count += 1) client.login(`secret-${count}`, 'guess');
    expect(await client.closed).toBe(CLOSE_CODES.unauthorized);
  });

  it('[SOCK104] has one session of a document, and another one when it left the first', async () => {
    const client = await connectByHand(node.url);
    await client.enter('single', token);
    client.login('single\0two', token);
    expect(await client.until('denied')).toMatchObject({ text: 'limit-exceeded', address: 'single\0two' });
    client.bare('single', 7);
    client.login('single\0two', token);
    expect(await client.until('authenticated', 2)).toMatchObject({ address: 'single\0two' });
    client.socket.terminate();
  });

  it('[SOCK105] is not read for a while when it sends too many bytes, and loses nothing', async () => {
    const paused = await readMetric(node, 'reading_paused_total');
    const client = await connectByHand(node.url);
    await client.enter('bytes', token);
    for (let count = 0; count < 4; count += 1) client.update('bytes', typing('x'.repeat(800_000)));
    await client.until('status', 4);
    expect(await readMetric(node, 'reading_paused_total')).toBeGreaterThan(paused);
    client.socket.terminate();
  });

  it('[SOCK101] pings are answered, and not for those who flood with them and read nothing', async () => {
    const client = await connectByHand(node.url);
    await client.enter('pings', token);
    client.socket.ping('hello');
    const [echo] = (await once(client.socket, 'pong')) as [Buffer];
    expect(echo.toString()).toBe('hello');
    const raw = Reflect.get(client.socket, '_socket') as Socket;
    const paused = await readMetric(node, 'reading_paused_total');
    const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
    raw.write(Buffer.concat(Array.from({ length: 20_000 }, () => ping)));
    await vi.waitFor(async () => {
      expect(await readMetric(node, 'reading_paused_total')).toBeGreaterThan(paused);
    }, WAIT);
    client.socket.terminate();
  });
});

describe('addresses behind a trusted proxy', () => {
  it('[SOCK106] are counted apart, by what the proxy saw and not by what a client claims', async () => {
    const open = await Promise.all([1, 2, 3].map(() => connectByHand(node.url, behind('203.0.113.1'))));
    expect([await statusOfUpgrade('203.0.113.1'), await statusOfUpgrade('203.0.113.2')]).toEqual([429, 101]);
    for (const { socket } of open) socket.terminate();
    await Promise.all(open.map(({ closed }) => closed));
    await vi.waitFor(async () => expect(await statusOfUpgrade('203.0.113.1')).toBe(101), WAIT);
  });

  it('[SOCK103] one that fails again and again is refused', async () => {
    const before = await readMetric(node, 'connections_refused_total');
    for (let round = 0; round < 2; round += 1) {
      const guesser = await connectByHand(node.url, behind('203.0.113.3'));
      for (let count = 0; count < 5; count += 1) guesser.login(`doc-${count}`, 'guess');
      await guesser.closed;
    }
    expect([await statusOfUpgrade('203.0.113.3'), await statusOfUpgrade('203.0.113.4')]).toEqual([429, 101]);
    expect(await readMetric(node, 'connections_refused_total')).toBeGreaterThan(before);
  });
});

describe('connections of a tenant', () => {
  it('[SOCK107] beyond its limit are sent away as retryable, and other tenants are let in', async () => {
    const full = await signToken({ sub: 'ada', tenant: 'full' });
    const open = [await connectByHand(node.url), await connectByHand(node.url)];
    for (const client of open) await client.enter('doc', full);
    const third = await connectByHand(node.url);
    third.login('doc', full);
    expect(await third.closed).toBe(CLOSE_CODES.unavailable);
    const other = await connectByHand(node.url);
    await other.enter('doc', await signToken({ sub: 'ben', tenant: 'other' }));
    open[0]?.socket.terminate();
    await open[0]?.closed;
    await vi.waitFor(async () => {
      const late = await connectByHand(node.url);
      late.login('doc', full);
      const letIn = await Promise.race([late.until('authenticated').then(() => true), late.closed.then(() => false)]);
      late.socket.terminate();
      expect(letIn).toBe(true);
    }, WAIT);
    for (const { socket } of [...open, other]) socket.terminate();
  });
});

describe('sockets that never sign in', () => {
  it('[SOCK108] hold an unfinished message for so long, and are gone then', async () => {
    const strangers = await Promise.all(Array.from({ length: 50 }, () => connectByHand(node.url)));
    for (const { socket } of strangers) beginMessage(socket, 16_000);
    const codes = await Promise.all(strangers.map(({ closed }) => closed));
    expect(new Set(codes)).toEqual(new Set([CLOSE_CODES.unauthorized]));
  });
});
