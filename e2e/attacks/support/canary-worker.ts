import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import * as Y from 'yjs';
import { readResidentMegabytes } from '../../bench/process-stats.ts';
import { readProcessorWait } from './processor-wait.ts';
import { authFrame, step1Frame, step2Frame, updateFrame } from '../../support/frames.ts';
import { type RawClient, connectRaw } from '../../support/raw-client.ts';
import type { CanaryCommand, CanaryReport } from './canary-messages.ts';

// A thread of its own: what an attacker takes to make his bytes must not be held against the server.
const { url, document, token } = workerData as { url: string; document: string; token: string };
const KEYSTROKE_MS = 20;
const port = parentPort;
if (port === null) throw new Error('this runs in a thread');

const ROOT = 'text';
const typed = new Y.Doc();
const seen = new Y.Doc();
let writer: RawClient | null = null;
let reader: RawClient | null = null;
let stop: (() => Promise<void>) | null = null;

/** A moment, and how long server and canary have waited for a processor by then. */
interface Moment {
  readonly at: number;
  readonly waited: number;
}

/** When each character of the text was typed. */
const typedAt: Moment[] = [];
let seenCount = 0;
let awaiting: Moment[] = [];
let server = 0;
let trips: number[] = [];
let acknowledgements: number[] = [];
let peak = 0;
let lost = false;

port.on('message', (command: CanaryCommand) => {
  const done = command.kind === 'begin' ? begin(command.pid) : end(command.patienceMs);
  done.catch(() => {
    lost = true;
    tell(command.kind === 'begin' ? { kind: 'begun' } : report());
  });
});

function tell(message: CanaryReport): void {
  port?.postMessage(message);
}

function now(): Moment {
  return { at: performance.now(), waited: readProcessorWait(server) + readProcessorWait('self') };
}

/** Milliseconds since then, without those in which the machine had no time for the server or for us. */
function since(then: Moment, until: Moment = now()): number {
  return Math.max(0, until.at - then.at - (until.waited - then.waited));
}

async function begin(pid: number): Promise<void> {
  server = pid;
  [trips, acknowledgements, lost, peak] = [[], [], false, readResidentMegabytes(pid)];
  if (isGone(writer) || isGone(reader)) await connect();
  stop = startTyping(pid);
  tell({ kind: 'begun' });
}

function isGone(client: RawClient | null): boolean {
  return client === null || client.end !== null;
}

async function connect(): Promise<void> {
  for (const client of [writer, reader]) client?.socket.terminate();
  awaiting = [];
  writer = await connectRaw(url);
  await join(writer, typed);
  dropFrames(writer);
  writer.socket.on('message', takeAnswers);
  reader = await connectRaw(url);
  await join(reader, seen);
  takeIn();
  reader.socket.on('message', takeIn);
}

/** Comes in with what it has; a server that lost its documents gets all of it again. */
async function join(client: RawClient, doc: Y.Doc): Promise<void> {
  client.send(authFrame(document, token), step1Frame(document, Y.encodeStateVector(doc)));
  await client.waitForFrame((frame) => frame.kind === 'step2', 'the document');
  client.send(step2Frame(document, Y.encodeStateAsUpdate(doc)));
  await client.waitForFrame((frame) => frame.kind === 'sync-status', 'the first acknowledgement');
}

/** Frames are kept by the client; hours of typing must not fill the memory. */
function dropFrames(client: RawClient): void {
  (client.frames as unknown[]).length = 0;
}

function takeIn(): void {
  if (reader === null) return;
  for (const frame of reader.frames) {
    if (frame.kind === 'update' || frame.kind === 'step2') Y.applyUpdate(seen, frame.update);
  }
  dropFrames(reader);
  const arrival = now();
  for (const count = seen.getText(ROOT).length; seenCount < count; seenCount += 1) {
    trips.push(since(typedAt[seenCount] ?? arrival, arrival));
  }
}

function takeAnswers(): void {
  if (writer === null) return;
  for (const frame of writer.frames) {
    if (frame.kind !== 'sync-status') continue;
    const typedThen = awaiting.shift();
    if (frame.applied && typedThen !== undefined) acknowledgements.push(since(typedThen));
  }
  dropFrames(writer);
}

function startTyping(pid: number): () => Promise<void> {
  let running = true;
  const send = (update: Uint8Array): void => {
    if (writer === null || writer.end !== null) return;
    awaiting.push(now());
    writer.send(updateFrame(document, update));
  };
  typed.on('update', send);
  const loop = (async () => {
    while (running) {
      const text = typed.getText(ROOT);
      typedAt[text.length] = now();
      text.insert(text.length, 'abcdefghij '[text.length % 11] ?? '');
      peak = Math.max(peak, readMemory(pid));
      await sleep(KEYSTROKE_MS);
    }
  })();
  return async () => {
    running = false;
    await loop;
    typed.off('update', send);
  };
}

/** The process may have ended in this moment. */
function readMemory(pid: number): number {
  try {
    return readResidentMegabytes(pid);
  } catch {
    return 0;
  }
}

async function end(patienceMs: number): Promise<void> {
  await stop?.();
  const deadline = performance.now() + patienceMs;
  const isDone = (): boolean => seenCount === typed.getText(ROOT).length && awaiting.length === 0;
  while (!isDone() && !isGone(writer) && !isGone(reader) && performance.now() < deadline) await sleep(5);
  tell(report());
}

function report(): CanaryReport {
  const end = now();
  const unseen = typedAt.slice(seenCount).map((then) => since(then, end));
  return {
    kind: 'ended',
    trips: [...trips, ...unseen],
    acknowledgements: [...acknowledgements, ...awaiting.map((then) => since(then, end))],
    unseen: unseen.length,
    unacknowledged: awaiting.length,
    lost: lost || isGone(writer) || isGone(reader),
    peakMegabytes: peak,
    text: typed.getText(ROOT).toJSON(),
  };
}
