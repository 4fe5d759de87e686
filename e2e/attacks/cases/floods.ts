import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import * as Y from 'yjs';
import { authFrame, step1Frame, step2Frame, updateFrame } from '../../support/frames.ts';
import { honestUpdate } from '../../support/bad-updates.ts';
import { type Attack, Finding } from '../support/attack.ts';
import type { Ground } from '../support/ground.ts';
import { happens, type Provoked } from '../support/reply.ts';
import { OPCODE, isEnded, openByHand, rawFrame } from './raw-tcp.ts';

const MB = 1_000_000;
const PATIENCE_MS = 1_500;

/** B5: too much of something, and readers that do not read. */
export const FLOODS: readonly Attack[] = [
  { name: '400 questions for 2 MB, and nothing read', run: askAndReadNothing },
  { name: '20 readers that read nothing of 15 MB', run: (ground) => readNothing(ground, joinAsReader) },
  {
    name: '20 readers that read nothing of 15 MB, each by an address of its own',
    run: (ground) => readNothing(ground, ground.target.kind === 'ours' ? joinByOwnAddress : joinAsReader),
  },
  {
    name: '300 SyncStep2 of a reader',
    async run(ground) {
      const finding = new Finding();
      const client = await ground.join({ role: 'viewer' });
      const from = client.frames.length;
      client.send(...Array.from({ length: 300 }, () => step2Frame(ground.document, honestUpdate('read-only'))));
      await sleep(400);
      const acknowledged = client.frames.slice(from).some((frame) => frame.kind === 'sync-status' && frame.applied);
      finding.answered(acknowledged ? 'ack' : 'no ack');
      finding.must(!acknowledged, 'acknowledged');
      return finding;
    },
  },
  {
    name: '5 unfinished frames of 98 MB, nobody signed in',
    run: (ground) => leaveUnfinished(ground, { sockets: 5, announced: 98 * MB, sent: 97 * MB }),
  },
  {
    name: '20 unfinished frames of 15 MB, nobody signed in',
    run: (ground) => leaveUnfinished(ground, { sockets: 20, announced: 15 * MB, sent: 14.9 * MB }),
  },
  {
    name: 'a frame of 101 MB',
    run: (ground) => leaveUnfinished(ground, { sockets: 1, announced: 101 * MB, sent: 20 * MB }),
  },
  {
    name: '400,000 empty fragments',
    run: (ground) => sendFragments(ground, { sockets: 1, fragments: 400_000, bytes: 0 }),
  },
  {
    name: '16,000 fragments of one byte on 12 sockets',
    run: (ground) => sendFragments(ground, { sockets: 12, fragments: 16_000, bytes: 1 }),
  },
  { name: '300,000 pings, and nothing read, nobody signed in', run: (ground) => sendPings(ground, false) },
  { name: '300,000 pings, and nothing read, behind a login', run: (ground) => sendPings(ground, true) },
  {
    name: 'an offer to compress',
    async run(ground) {
      const finding = new Finding();
      const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
      const { socket, head } = await openByHand(ground.target.port, { headers });
      const isTaken = /permessage-deflate/i.test(head);
      finding.answered(isTaken ? 'taken' : 'not taken');
      finding.must(!isTaken, 'compression is on');
      socket.destroy();
      return finding;
    },
  },
  { name: '240 MB of updates faster than they are handled', run: sendMuch },
];

/** Puts so much text into the document, as its author, in place of what stood there. */
async function rewrite(ground: Ground, bytes: number): Promise<void> {
  const before = Y.encodeStateVector(ground.authored);
  const text = ground.authored.getText('long');
  ground.authored.transact(() => {
    text.delete(0, text.length);
    text.insert(0, 'x'.repeat(bytes));
  });
  const from = ground.author.frames.length;
  ground.author.send(updateFrame(ground.document, Y.encodeStateAsUpdate(ground.authored, before)));
  await happens(
    () => ground.author.frames.slice(from).some((frame) => frame.kind === 'sync-status'),
    ground.target.answerMs,
  );
}

async function askAndReadNothing(ground: Ground) {
  const finding = new Finding();
  await rewrite(ground, 2 * MB);
  const client = await ground.join({ role: 'viewer' });
  client.socket.pause();
  const question = step1Frame(ground.document, stateVectorOf(300));
  client.send(...Array.from({ length: 400 }, () => question));
  await sleep(PATIENCE_MS);
  finding.answered(describeReaders([client]));
  return finding;
}

function describeReaders(clients: readonly { readonly end: unknown }[]): string {
  const ended = clients.filter(({ end }) => end !== null).length;
  return ended === 0 ? 'nobody closed' : `${ended} of ${clients.length} closed`;
}

/** A state vector of some KB, of clients that the document does not know. */
function stateVectorOf(entries: number): Uint8Array {
  const clocks = new Map(Array.from({ length: entries }, (_, index) => [4e9 + index, 1] as const));
  return Y.encodeStateVector(clocks);
}

function joinAsReader(ground: Ground, index: number): Promise<Provoked> {
  return ground.join({ sub: `reader-${index}`, role: 'viewer' });
}

/** Frames carry the address, so what is sent here is a copy that nobody else shares. */
async function joinByOwnAddress(ground: Ground, index: number): Promise<Provoked> {
  const address = `${ground.document}\0reader-${index}`;
  const client = await ground.connect();
  client.send(authFrame(address, await ground.token({ sub: `reader-${index}`, role: 'viewer' })), step1Frame(address));
  await client.waitForFrame((frame) => frame.kind === 'step2', 'a reader is let in');
  return client;
}

async function readNothing(ground: Ground, join: (ground: Ground, index: number) => Promise<Provoked>) {
  const finding = new Finding();
  const readers = await Promise.all(Array.from({ length: 20 }, (_, index) => join(ground, index)));
  for (const reader of readers) reader.socket.pause();
  // Each takes the place of the one before, so that what is counted is not the document.
  for (let round = 0; round < 15; round += 1) await rewrite(ground, MB);
  await sleep(200);
  finding.answered(describeReaders(readers));
  return finding;
}

async function leaveUnfinished(
  ground: Ground,
  plan: { readonly sockets: number; readonly announced: number; readonly sent: number },
) {
  const finding = new Finding();
  const sockets = await openMany(ground, plan.sockets);
  const piece = Buffer.alloc(MB / 2);
  for (const socket of sockets) socket.write(rawFrame({ opcode: OPCODE.binary, announced: plan.announced }));
  for (let sent = 0; sent < plan.sent && !sockets.every(isEnded); sent += piece.byteLength) {
    await Promise.all(sockets.map((socket) => push(socket, piece)));
  }
  await happens(() => sockets.every(isEnded), Math.min(ground.target.answerMs, 1_000));
  const ended = sockets.filter(isEnded).length;
  finding.answered(`${ended} of ${sockets.length} closed`);
  finding.must(ended === sockets.length, `${sockets.length - ended} stay open`);
  for (const socket of sockets) socket.destroy();
  return finding;
}

async function openMany(ground: Ground, count: number): Promise<Socket[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => openByHand(ground.target.port)));
  for (const { socket } of opened) socket.resume();
  return opened.map(({ socket }) => socket);
}

/** Writes and waits until the network has taken it, or has not for a while. */
async function push(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (isEnded(socket) || !socket.writable) return;
  if (socket.write(bytes)) return;
  await happens(() => !socket.writableNeedDrain || isEnded(socket), 100);
}

async function sendFragments(
  ground: Ground,
  plan: { readonly sockets: number; readonly fragments: number; readonly bytes: number },
) {
  const finding = new Finding();
  const sockets = await openMany(ground, plan.sockets);
  const fragment = rawFrame({ opcode: OPCODE.continuation, final: false, payload: new Uint8Array(plan.bytes) });
  const piece = Buffer.concat(Array.from({ length: 1_000 }, () => fragment));
  for (const socket of sockets) socket.write(rawFrame({ opcode: OPCODE.binary, final: false }));
  for (let sent = 0; sent < plan.fragments && !sockets.every(isEnded); sent += 1_000) {
    await Promise.all(sockets.map((socket) => push(socket, piece)));
  }
  await happens(() => sockets.every(isEnded), ground.target.answerMs);
  const ended = sockets.filter(isEnded).length;
  finding.answered(`${ended} of ${sockets.length} closed`);
  finding.must(ended === sockets.length, `${sockets.length - ended} stay open`);
  for (const socket of sockets) socket.destroy();
  return finding;
}

async function sendPings(ground: Ground, signedIn: boolean) {
  const finding = new Finding();
  const { socket } = await openByHand(ground.target.port);
  if (signedIn) {
    const login = [authFrame(ground.document, await ground.token()), step1Frame(ground.document)];
    for (const payload of login) socket.write(rawFrame({ opcode: OPCODE.binary, payload }));
    await sleep(100);
  }
  socket.pause();
  const ping = rawFrame({ opcode: OPCODE.ping, payload: new Uint8Array(125) });
  const piece = Buffer.concat(Array.from({ length: 3_000 }, () => ping));
  const deadline = performance.now() + PATIENCE_MS;
  let sent = 0;
  for (; sent < 300_000 && !socket.destroyed && performance.now() < deadline; sent += 3_000) await push(socket, piece);
  await sleep(200);
  finding.answered(`${sent} sent`);
  socket.destroy();
  return finding;
}

/** Many large updates on several sockets at once; each takes longer to handle than to send. */
/** The same updates again and again, so that what is held of them is not the document, which may be as large as it is. */
async function sendMuch(ground: Ground) {
  const finding = new Finding();
  const bytes = 0.4 * MB;
  const clients = await Promise.all(Array.from({ length: 6 }, (_, index) => ground.join({ sub: `writer-${index}` })));
  const frames = clients.map((_, index) => {
    const doc = new Y.Doc();
    doc.getText(`large-${index}`).insert(0, 'y'.repeat(bytes));
    return updateFrame(ground.document, Y.encodeStateAsUpdate(doc));
  });
  for (let round = 0; round < 100; round += 1) {
    for (const [index, client] of clients.entries()) {
      const frame = frames[index];
      if (client.end === null && frame !== undefined) client.send(frame);
    }
    if (round % 10 === 9) await sleep(20);
  }
  await sleep(600);
  finding.answered(describeReaders(clients));
  return finding;
}
