import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy on 127.0.0.1 whose upstream direction is slow. */
export interface SlowLine {
  readonly port: number;
  close(): void;
}

export interface SlowLineOptions {
  readonly targetPort: number;
  /** Bytes that go out at once, and the pause behind them. */
  readonly pieceBytes: number;
  readonly pieceMs: number;
}

/** Opens the proxy; what the server sends comes back at full speed. */
export async function openSlowLine(options: SlowLineOptions): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(options.targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.pipe(client);
    void trickle(client, upstream, options);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return {
    port: address.port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function trickle(from: Socket, to: Socket, { pieceBytes, pieceMs }: SlowLineOptions): Promise<void> {
  try {
    for await (const chunk of from) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (let at = 0; at < chunk.length && to.writable; at += pieceBytes) {
        to.write(chunk.subarray(at, at + pieceBytes));
        await sleep(pieceMs);
      }
    }
  } catch {
    // The client hung up in the middle of a piece.
  }
  to.end();
}
