import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import * as decoding from 'lib0/decoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { frameAddress, NO_ADDRESS, readAddressedFrame, readdress, updateFrame, updateFrameHead } from './frames.ts';

let server: Server;
let next: Uint8Array = new Uint8Array();

beforeAll(async () => {
  const sockets = new WebSocketServer({ noServer: true });
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, () => socket.write(next));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
});

/** What a real client makes of the bytes. */
async function received(frame: Uint8Array): Promise<Uint8Array> {
  next = frame;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const client = new WebSocket(`ws://127.0.0.1:${address.port}`);
  const message = await new Promise<Buffer>((resolve) => {
    client.once('message', (bytes: Buffer) => {
      resolve(bytes);
    });
  });
  client.terminate();
  return message;
}

describe('frames', () => {
  it.each([0, 1, 100, 119, 120, 125, 126, 127, 16_383, 65_520, 65_536, 300_000])(
    '[SOCK6] an update of %i bytes is framed as RFC 6455 says and read back whole',
    async (size) => {
      const update = new Uint8Array(size).fill(7);
      const frame = readAddressedFrame(await received(updateFrame(frameAddress('a/b'), update)));
      expect(frame?.address).toBe('a/b');
      expect(frame?.type).toBe(0);
      if (frame === null) return;
      expect(decoding.readVarUint(frame.body)).toBe(2);
      expect(decoding.readVarUint8Array(frame.body)).toEqual(update);
      expect(decoding.hasContent(frame.body)).toBe(false);
    },
  );

  it('[SOCK7] a y-websocket frame has no address', async () => {
    expect([...(await received(updateFrame(NO_ADDRESS, Uint8Array.of(9))))]).toEqual([0, 2, 1, 9]);
  });

  it('[SOCK8] an address is replaced without touching what is behind it', () => {
    const message = Uint8Array.of(3, 97, 47, 98, 5, 1, 120);
    expect([...readdress(message, frameAddress('tenant/a/b'))]).toEqual([
      10,
      ...new TextEncoder().encode('tenant/a/b'),
      5,
      1,
      120,
    ]);
  });
});

it('[SOCK262] the head of an update and the update are what its frame is', () => {
  for (const bytes of [0, 1, 100, 127, 128, 65_000, 65_536, 200_000]) {
    const update = new Uint8Array(bytes).fill(7);
    for (const address of [frameAddress('a/b'), frameAddress('a\0session'), NO_ADDRESS])
      expect(Buffer.concat([updateFrameHead(address, bytes), update])).toEqual(updateFrame(address, update));
  }
});
