import { once } from 'node:events';
import { connect } from 'node:net';
import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { Room } from '../../src/rooms/room.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { startGatewayNode } from './gateway-node.ts';
import { connectByHand, signToken } from './test-node.ts';

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startGatewayNode>>;
let token: string;

beforeAll(async () => {
  directory = createTemporaryDirectory('rough-ends');
  node = await startGatewayNode(directory.path);
  token = await signToken({ sub: 'ada' });
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  await node.close();
  directory.remove();
});

/** A whole visit: in, an edit, and its answer. */
async function expectService(): Promise<void> {
  const client = await connectByHand(node.url);
  await client.enter('service', token);
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'served');
  client.update('service', Y.encodeStateAsUpdate(doc));
  expect((await client.until('status')).saved).toBe(true);
  client.socket.terminate();
}

const UPGRADE = [
  'GET /collab HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].join('\r\n');

describe('rough ends', () => {
  it.each([
    ['in the middle of the request', UPGRADE],
    ['right behind it', `${UPGRADE}\r\n\r\n`],
    ['behind half a frame', `${UPGRADE}\r\n\r\n\u0082`],
    ['behind an address that leads nowhere', `${UPGRADE.replace('/collab', '/nowhere')}\r\n\r\n`],
    ['behind a key that is none', `${UPGRADE.replace('dGhl', '')}\r\n\r\n`],
  ])('[SOCK65] a connection that is reset %s harms nobody', async (_, text) => {
    const port = Number(new URL(node.url).port);
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(Buffer.from(text, 'latin1'), () => socket.resetAndDestroy());
    }
    await expectService();
  });

  it('[SOCK66] a session that cannot be opened ends its socket as retryable, and no other', async () => {
    vi.spyOn(Room.prototype, 'attach').mockImplementationOnce(() => {
      throw new Error('nobody foresaw this');
    });
    const client = await connectByHand(node.url);
    client.login('unlucky', token);
    expect(await client.closed).toBe(CLOSE_CODES.internal);
    await expectService();
  });

  it('[SOCK66] a session that cannot be closed properly stops nothing', async () => {
    const client = await connectByHand(node.url);
    await client.enter('unlucky', token);
    const left = vi.spyOn(Room.prototype, 'detach').mockImplementationOnce(() => {
      throw new Error('nobody foresaw this');
    });
    client.socket.terminate();
    await vi.waitFor(() => expect(left).toHaveBeenCalled(), { timeout: 10_000 });
    await expectService();
  });

  it('[SOCK66] an answer that cannot be made ends its socket, and no other', async () => {
    const client = await connectByHand(node.url);
    await client.enter('unlucky', token);
    vi.spyOn(Room.prototype, 'whenDurable').mockImplementationOnce(() => Promise.reject(new Error('no')));
    // It turns read-only, for which it is to be brought level.
    client.login('unlucky', await signToken({ sub: 'ada', role: 'viewer' }));
    expect(await client.closed).toBe(CLOSE_CODES.internal);
    await expectService();
  });
});
