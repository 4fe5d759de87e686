import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { withDeadline } from '../../support/wait-until.ts';

/** Frame kinds of RFC 6455. */
export const OPCODE = { continuation: 0, binary: 2, ping: 9 } as const;

/** A TCP connection to the server that reads nothing by itself. */
export async function connectTcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await withDeadline(once(socket, 'connect'), { what: 'a TCP connection' });
  return socket;
}

export interface UpgradeOptions {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The request that makes a WebSocket of a connection. */
export function upgradeRequest(port: number, { path = '/', headers = {} }: UpgradeOptions = {}): string {
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Opens a WebSocket by hand, so that frames can be sent that no library sends; returns the answer's head as well. */
export async function openByHand(
  port: number,
  options: UpgradeOptions = {},
): Promise<{ socket: Socket; head: string }> {
  const socket = await connectTcp(port);
  socket.write(upgradeRequest(port, options));
  const [chunk] = (await withDeadline(once(socket, 'data'), { what: 'the answer to an upgrade' })) as [Buffer];
  return { socket, head: chunk.toString('latin1') };
}

export interface RawFrame {
  readonly opcode: number;
  readonly final?: boolean;
  /** Length that the header tells; that of the payload when absent. */
  readonly announced?: number;
  readonly payload?: Uint8Array;
}

/** A masked frame; its mask is zero, so that a payload need not be copied byte by byte. */
export function rawFrame({ opcode, final = true, payload = new Uint8Array(0), announced }: RawFrame): Buffer {
  const length = announced ?? payload.byteLength;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + 4);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Whether the peer has ended the connection; it has to be read for that to be noticed. */
export function isEnded(socket: Socket): boolean {
  return socket.destroyed || socket.readableEnded;
}
