import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { type Frame, authFrame, decodeFrame, step1Frame, step2Frame } from './frames.ts';
import { waitUntil, withDeadline } from './wait-until.ts';

/** How a socket ended. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket that sends bytes of the test's choice and keeps every frame it receives. */
export interface RawClient {
  readonly socket: WebSocket;
  /** Everything received, in order. */
  readonly frames: readonly Frame[];
  /** Set once the socket ended. */
  readonly end: SocketEnd | null;
  readonly ended: Promise<SocketEnd>;
  /** Sends all frames in one TCP write. */
  send(...frames: readonly Uint8Array[]): void;
  /** Frames of one kind so far. */
  count(kind: Frame['kind']): number;
  /** Waits for the first frame from index `from` on that fits. */
  waitForFrame(fits: (frame: Frame) => boolean, what: string, from?: number): Promise<Frame>;
  /** The text root of everything received in sync frames. */
  readText(root: string): string;
  close(): Promise<void>;
}

/** Connects and resolves once the socket is open. */
export async function connectRaw(url: string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false, headers: { ...headers } });
  socket.binaryType = 'nodebuffer';
  const frames: Frame[] = [];
  let end: SocketEnd | null = null;
  socket.on('message', (bytes: Buffer) => frames.push(decodeFrame(new Uint8Array(bytes))));
  socket.on('error', () => {});
  const ended = new Promise<SocketEnd>((resolve) => {
    socket.once('close', (code, reason) => {
      end = { code, reason: reason.toString('utf8') };
      resolve(end);
    });
  });
  await withDeadline(Promise.race([once(socket, 'open'), ended.then(failToOpen)]), { what: `${url} opens` });

  return {
    socket,
    frames,
    ended,
    get end() {
      return end;
    },
    send: (...outgoing) => sendTogether(socket, outgoing),
    count: (kind) => frames.filter((frame) => frame.kind === kind).length,
    async waitForFrame(fits, what, from = 0) {
      let found: Frame | undefined;
      await waitUntil(
        () => {
          found = frames.slice(from).find(fits);
          if (found === undefined && end !== null) throw new Error(`${what}: the socket ended with ${end.code} first`);
          return found !== undefined;
        },
        { what, seen: () => frames.map((frame) => frame.kind).join(' ') },
      );
      if (found === undefined) throw new Error(what);
      return found;
    },
    readText(root) {
      const doc = new Y.Doc();
      for (const frame of frames)
        if (frame.kind === 'step2' || frame.kind === 'update') Y.applyUpdate(doc, frame.update);
      return doc.getText(root).toString();
    },
    async close() {
      socket.close();
      await withDeadline(ended, { what: 'close of a raw socket' });
    },
  };
}

/** Signs in to one document and finishes the first sync round; the handshake's own acknowledgement has arrived. */
export async function joinRaw(client: RawClient, address: string, token: string): Promise<void> {
  const from = client.frames.length;
  client.send(authFrame(address, token), step1Frame(address));
  await client.waitForFrame(
    (frame) => frame.address === address && frame.kind === 'step1',
    'SyncStep1 of the server',
    from,
  );
  client.send(step2Frame(address));
  await client.waitForFrame(
    (frame) => frame.address === address && frame.kind === 'sync-status',
    'first SyncStatus',
    from,
  );
}

// Frames behind a token must reach the server together with it, so that they wait for the same decision.
function sendTogether(socket: WebSocket, frames: readonly Uint8Array[]): void {
  const stream = Reflect.get(socket, '_socket') as { cork(): void; uncork(): void };
  stream.cork();
  for (const frame of frames) socket.send(frame);
  stream.uncork();
}

function failToOpen(end: SocketEnd): never {
  throw new Error(`the socket ended with ${end.code} before it was open`);
}
