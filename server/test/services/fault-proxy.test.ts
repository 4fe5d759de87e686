import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../support/wait-until.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

describe('[OPS36] the fault proxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  /** What the server got, over all connections. */
  let received: string;
  let chunks: number;
  let serverSockets: Socket[];
  let clients: TestClient[];
  beforeEach(async () => {
    received = '';
    chunks = 0;
    serverSockets = [];
    clients = [];
    server = createServer((socket) => {
      serverSockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
        chunks += 1;
        socket.write(chunk.toString().toUpperCase());
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    proxy = await startFaultProxy(typeof address === 'object' && address !== null ? address.port : 0);
  });
  afterEach(async () => {
    for (const client of clients) client.socket.destroy();
    await proxy.dispose();
    for (const socket of serverSockets) socket.destroy();
    server.close();
  });

  interface TestClient {
    readonly socket: Socket;
    readonly answer: () => string;
    readonly error: () => string | null;
  }

  async function open(): Promise<TestClient> {
    const socket = connect({ host: '127.0.0.1', port: proxy.port });
    let answer = '';
    let code: string | null = null;
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? 'unknown'));
    await once(socket, 'connect');
    const client = { socket, answer: () => answer, error: () => code };
    clients.push(client);
    return client;
  }

  async function exchange(client: TestClient, text: string): Promise<void> {
    const before = client.answer();
    client.socket.write(text);
    await waitUntil(`${text} is answered`, () => client.answer() === before + text.toUpperCase());
  }

  it('[OPS36] passes bytes and ends both ways', async () => {
    const client = await open();
    await exchange(client, 'one');
    client.socket.end('two');
    await waitUntil('the answer is whole', () => client.answer() === 'ONETWO' && client.socket.destroyed);
    await waitUntil('the connection is forgotten', () => proxy.connections === 0);
  });

  it('[OPS36] delays chunks, all by the same time and in order', async () => {
    const client = await open();
    await exchange(client, 'a');
    proxy.setMode({ kind: 'delay', milliseconds: 100, jitter: 50, direction: 'to-server' });
    const start = performance.now();
    for (const text of ['b', 'c', 'd']) {
      client.socket.write(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitUntil('all is answered', () => client.answer() === 'ABCD');
    expect(performance.now() - start).toBeGreaterThan(95);
  });

  it('[OPS36] swallows one direction and leaves the other alone', async () => {
    const client = await open();
    await exchange(client, 'a');
    proxy.setMode({ kind: 'black-hole', direction: 'to-client' });
    client.socket.write('b');
    await waitUntil('it is received', () => received === 'ab');
    proxy.setMode({ kind: 'pass' });
    client.socket.write('c');
    await waitUntil('only the later answer comes', () => client.answer() === 'AC');
  });

  it('[OPS36] holds bytes until they are released, whatever became of their sender', async () => {
    const client = await open();
    proxy.setMode({ kind: 'hold', direction: 'to-server' });
    client.socket.write('late');
    await waitUntil('the proxy has it', () => proxy.heldBytes === 4);
    proxy.hangUp();
    await waitUntil('the sender is cut off', () => client.error() === 'ECONNRESET');
    proxy.setMode({ kind: 'pass' });
    const other = await open();
    await exchange(other, 'early ');
    expect(received).toBe('early ');
    proxy.release();
    await waitUntil('it arrives', () => received === 'early late');
  });

  it('[OPS36] cuts off after so many bytes, which still arrive', async () => {
    const client = await open();
    await exchange(client, 'a');
    proxy.setMode({ kind: 'drop-after', bytes: 3, direction: 'to-server' });
    client.socket.write('bcdef');
    await waitUntil('it is cut off', () => client.socket.destroyed);
    await waitUntil('three bytes came', () => received === 'abcd');
    expect(proxy.cuts).toBe(1);
  });

  it('[OPS36] loses the very next answer when told to cut at once', async () => {
    const client = await open();
    await exchange(client, 'a');
    proxy.setMode({ kind: 'drop-after', bytes: 0, direction: 'to-client' });
    client.socket.write('b');
    await waitUntil('it is cut off', () => client.socket.destroyed);
    expect(received).toBe('ab');
    expect(client.answer()).toBe('A');
    expect(client.error()).toBe('ECONNRESET');
  });

  it('[OPS36] lets bytes drip', async () => {
    const client = await open();
    proxy.setMode({ kind: 'drip', bytes: 10, milliseconds: 5, direction: 'to-server' });
    const text = 'abcdefghij'.repeat(20);
    client.socket.write(text);
    await waitUntil('all is there', () => received === text);
    expect(chunks).toBeGreaterThan(1);
  });

  it('[OPS36] resets what is open and what comes, until it passes again', async () => {
    const client = await open();
    proxy.setMode({ kind: 'reset' });
    await waitUntil('it is cut off', () => client.error() === 'ECONNRESET');
    // It may hear of it before it knows that it was connected.
    await open().catch(() => undefined);
    await waitUntil('the new one too', () => proxy.cuts === 2);
    expect(clients.every(({ socket }) => socket.destroyed)).toBe(true);
    proxy.setMode({ kind: 'pass' });
    await exchange(await open(), 'a');
  });
});
