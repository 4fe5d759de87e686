import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResidentMegabytes } from '../bench/process-stats.ts';
import { honestUpdate } from '../support/bad-updates.ts';
import { updateFrame } from '../support/frames.ts';
import { WATCHED, readHeldMegabytes } from '../support/held-memory.ts';
import { recordResult } from '../support/results.ts';
import { pickSize } from '../support/sizes.ts';
import { OPCODE, connectTcp, isEnded, openByHand, rawFrame } from './cases/raw-tcp.ts';
import { type AttackTarget, createOwnTarget, createStockTarget } from './support/attack-target.ts';
import { happens } from './support/reply.ts';

const SOCKETS = 200;
const HALF_OPEN = 300;
const CLOSED_WITHIN_MS = 12_000;
/** What a socket may make the server's process grow by: 64 KB. */
const GROWN_KILOBYTES = 64;
/** What it may hold, once what is garbage is collected; it holds 13 KB itself, and nothing of what it sends. */
const HELD_KILOBYTES = 24;
/** As much as may be sent before a login, and as much as one can. */
const FEW_BYTES = 14_000;
const MANY_BYTES = 4_500_000;
const MOST_MEGABYTES = 150;

/** A stock server closes after a minute, which nobody waits for in CI. */
const STOCK_WITHIN_MS = pickSize({ share: 4_000, full: CLOSED_WITHIN_MS });

interface Outcome {
  /** The most that the server grew by, per socket, in KB. */
  readonly kilobytes: number;
  /** What each held while all were open and had sent, in KB; 0 of a server that cannot be asked. */
  readonly held: number;
  /** How many were still open after the time. */
  readonly open: number;
  readonly closedAfterMs: number;
}

describe('sockets on which nobody signs in', () => {
  const targets: AttackTarget[] = [];
  let outcomes: Readonly<Record<'silent' | 'waiting' | 'flooding' | 'stock' | 'requests', Outcome>>;

  // At the same time, each on a server of its own: most of it is waiting.
  beforeAll(async () => {
    const own = await Promise.all([1, 2, 3, 4].map(() => createOwnTarget(WATCHED)));
    const stock = await createStockTarget();
    targets.push(...own, stock);
    for (const target of targets) await target.start();
    for (const target of targets) await warmUp(target);
    const [one, two, three, four] = own as [AttackTarget, AttackTarget, AttackTarget, AttackTarget];
    const hold = async (target: AttackTarget, bytes: number, withinMs = CLOSED_WITHIN_MS): Promise<Outcome> =>
      holdOpen(target, await openSockets(target), { bytes, withinMs });
    const [silent, waiting, requests] = await Promise.all([
      hold(one, 0),
      hold(two, FEW_BYTES),
      openRequests(three).then((sockets) => holdOpen(three, sockets, { bytes: 0, withinMs: CLOSED_WITHIN_MS })),
    ]);
    // Alone, since to send so much keeps the sender busy.
    const flooding = await hold(four, MANY_BYTES);
    const onStock = await hold(stock, pickSize({ share: MANY_BYTES / 4, full: MANY_BYTES }), STOCK_WITHIN_MS);
    outcomes = { silent, waiting, flooding, requests, stock: onStock };
  });
  afterAll(() => Promise.all(targets.map((target) => target.dispose())));

  it('[ATT57] 200 that send nothing, or as much as they may, hold little and are closed soon', async () => {
    await record('200 silent sockets', outcomes.silent);
    await record('200 sockets that send 14 KB and no token', outcomes.waiting);
    for (const { kilobytes, held, open } of [outcomes.silent, outcomes.waiting]) {
      expect(kilobytes).toBeLessThanOrEqual(GROWN_KILOBYTES);
      expect(held).toBeLessThanOrEqual(HELD_KILOBYTES);
      expect(open).toBe(0);
    }
  });

  it('[ATT57] 200 that send as much as they can are closed at once, and leave little behind', async () => {
    await record('200 sockets that flood without a login', outcomes.flooding);
    expect(outcomes.flooding.open).toBe(0);
    expect((outcomes.flooding.kilobytes * SOCKETS) / 1_000).toBeLessThanOrEqual(MOST_MEGABYTES);
  });

  it('[ATT57] the same on stock Hocuspocus are held, with all that they send', async () => {
    await record('200 sockets that flood without a login, stock', outcomes.stock);
    expect(outcomes.stock.open).toBeGreaterThan(0);
    expect(outcomes.stock.kilobytes).toBeGreaterThan(GROWN_KILOBYTES);
  });

  it('[ATT57] 300 requests that never come to an end are cut off', async () => {
    await record('300 half-open requests', outcomes.requests);
    expect(outcomes.requests.open).toBe(0);
  });
});

/** What each server held before the sockets, and its resident memory, in MB. */
const idle = new WeakMap<AttackTarget, { readonly held: number; readonly resident: number }>();

/**
 * Code and buffers that a first visit takes, and the space for young objects that V8 takes for such a crowd and keeps,
 * are not held against the sockets; nor is when V8 finds time to collect what was left of the visits.
 */
async function warmUp(target: AttackTarget): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openByHand(target.port)));
    await Promise.all(sockets.map(({ socket }) => talk(socket.resume(), FEW_BYTES)));
    for (const { socket } of sockets) socket.destroy();
    await sleep(300);
  }
  const held = await readHeld(target);
  idle.set(target, { held, resident: readResidentMegabytes(target.process().pid) });
}

async function readHeld(target: AttackTarget): Promise<number> {
  return target.kind === 'ours' ? readHeldMegabytes(target.process()) : 0;
}

async function openSockets(target: AttackTarget): Promise<readonly Socket[]> {
  const opened = await Promise.all(Array.from({ length: SOCKETS }, () => openByHand(target.port)));
  return opened.map(({ socket }) => socket.resume());
}

/** Requests whose headers never end. */
async function openRequests(target: AttackTarget): Promise<readonly Socket[]> {
  const sockets = await Promise.all(Array.from({ length: HALF_OPEN }, () => connectTcp(target.port)));
  for (const socket of sockets) socket.resume().write('GET / HTTP/1.1\r\nHost: x\r\n');
  return sockets;
}

/** Sends so many bytes on each, and waits for the closes. */
async function holdOpen(
  target: AttackTarget,
  sockets: readonly Socket[],
  { bytes, withinMs }: { readonly bytes: number; readonly withinMs: number },
): Promise<Outcome> {
  const { pid } = target.process();
  const before = idle.get(target) ?? { held: 0, resident: 0 };
  const started = performance.now();
  let peak = before.resident;
  const look = setInterval(() => {
    peak = Math.max(peak, readResidentMegabytes(pid));
  }, 20);
  const sending = sockets.map((socket) => talk(socket, bytes));
  // In the middle of their time; before that, what they leave behind shows as it is.
  if (bytes <= FEW_BYTES) await sleep(CLOSED_WITHIN_MS / 3);
  const held = bytes <= FEW_BYTES ? (await readHeld(target)) - before.held : 0;
  await happens(() => sockets.every(isEnded), withinMs - (performance.now() - started));
  const closedAfterMs = performance.now() - started;
  clearInterval(look);
  const open = sockets.filter((socket) => !isEnded(socket)).length;
  for (const socket of sockets) socket.destroy();
  await Promise.all(sending);
  const each = (megabytes: number): number => (megabytes * 1_000) / sockets.length;
  return { kilobytes: each(peak - before.resident), held: each(held), open, closedAfterMs };
}

/** Frames of 5 KB, as fast as they are taken. */
async function talk(socket: Socket, bytes: number): Promise<void> {
  const payload = updateFrame('never-signed-in', honestUpdate('x'.repeat(5_000)));
  const frame = rawFrame({ opcode: OPCODE.binary, payload });
  for (let sent = 0; sent < bytes && !isEnded(socket); sent += frame.byteLength) {
    if (!socket.write(frame)) await happens(() => !socket.writableNeedDrain || isEnded(socket), 1_000);
  }
}

async function record(name: string, { kilobytes, held, open, closedAfterMs }: Outcome): Promise<void> {
  await recordResult(name, {
    'KB each': Math.round(kilobytes),
    'held KB each': Math.round(held),
    'still open': open,
    'all closed after ms': Math.round(closedAfterMs),
  });
}
