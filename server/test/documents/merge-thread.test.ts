import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { encodeLogRow } from '../../src/core/log-row.ts';
import { runMergeJob } from '../../src/workers/merge-job.ts';
import { packJob, unpackJob } from '../../src/workers/merge-messages.ts';
import { createMergeThread, startMergeWorker } from '../../src/workers/merge-thread.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createRandom } from '../support/random.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode } from './document-node.ts';
import { textOfState } from './document-typing.ts';

const { log } = createSilentTelemetry();
const started: Worker[] = [];
const ended: Promise<unknown>[] = [];

/** Starts real threads, and remembers them. */
function startWorker(): Worker {
  const worker = startMergeWorker();
  started.push(worker);
  ended.push(new Promise((resolve) => void worker.once('exit', resolve)));
  return worker;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.terminate()));
  ended.length = 0;
});

/** Updates of somebody who types, and the text that they make. */
function typed(edits: number): { readonly updates: readonly Uint8Array[]; readonly text: string } {
  const random = createRandom(3);
  const doc = new Y.Doc();
  doc.clientID = 7;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const text = doc.getText('t');
  while (updates.length < edits) text.insert(random.below(text.length + 1), `${random.below(10)}`);
  return { updates, text: text.toJSON() };
}

const all = { smallBytes: 0 } as const;

describe('the merge thread', () => {
  it('[SNAP46] merges as the main thread does, job by job, in one thread', async () => {
    const merger = createMergeThread({ clock: createSystemClock(), log, startWorker, ...all });
    const { updates, text } = typed(500);
    const first = runMergeJob({ snapshot: null, updates: updates.slice(0, 300) });
    if (first.kind !== 'merged') throw new Error(first.reason);
    const job = { snapshot: first.state, updates: updates.slice(300) };
    const results = await Promise.all([
      merger.merge(job),
      merger.merge({ snapshot: null, updates }),
      merger.merge(job),
    ]);
    const [expected] = [runMergeJob(job)];
    for (const result of results) {
      if (result.kind !== 'merged' || expected.kind !== 'merged') throw new Error('not merged');
      expect(textOfState(result.state)).toBe(text);
      expect(result.sha256).toBe(expected.sha256);
    }
    expect(started).toHaveLength(1);
    // The job's own buffers stay with whoever gave it.
    expect(job.snapshot.byteLength).toBeGreaterThan(0);
  });

  it('[SNAP46] a job arrives as it was sent', () => {
    const parts = [new Uint8Array([1, 2]), new Uint8Array(), new Uint8Array([3])];
    for (const snapshot of [null, new Uint8Array(), new Uint8Array([9, 8, 7])]) {
      expect(unpackJob(packJob({ snapshot, updates: parts }))).toEqual({ snapshot, updates: parts });
      expect(unpackJob(packJob({ snapshot, updates: [] }))).toEqual({ snapshot, updates: [] });
    }
  });

  it('[SNAP46] small jobs start no thread', async () => {
    const merger = createMergeThread({ clock: createSystemClock(), log, startWorker });
    expect(await merger.merge({ snapshot: null, updates: typed(50).updates })).toMatchObject({ kind: 'merged' });
    expect(started).toHaveLength(0);
  });

  it('[SNAP46] what can never be merged, or would not load again, is told as that and becomes no snapshot', async () => {
    const merger = createMergeThread({ clock: createSystemClock(), log, startWorker, ...all });
    const { updates } = typed(10);
    for (const bad of [
      [Buffer.from('0103050000000000000000', 'hex')],
      [Buffer.from('ffffff', 'hex')],
      updates.slice(1),
      [updates[0]!, ...updates.slice(2)],
    ]) {
      expect(await merger.merge({ snapshot: null, updates: bad })).toMatchObject({ kind: 'unmergeable' });
    }
    const snapshot = Buffer.from('0103050000000000000000', 'hex');
    expect(await merger.merge({ snapshot, updates: [] })).toMatchObject({ kind: 'unmergeable' });
    expect(await merger.merge({ snapshot: null, updates })).toMatchObject({ kind: 'merged' });
    expect(started).toHaveLength(1);
  });

  it('[SNAP46] a thread that dies fails its job as retryable, and the next job gets a new one', async () => {
    const merger = createMergeThread({ clock: createSystemClock(), log, startWorker, ...all });
    const job = { snapshot: null, updates: typed(3_000).updates };
    const lost = merger.merge(job);
    while (started.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    await started[0]!.terminate();
    await expect(lost).rejects.toMatchObject({ code: 'internal', definition: { retryable: true } });
    expect(await merger.merge(job)).toMatchObject({ kind: 'merged' });
    expect(started).toHaveLength(2);
  });

  it('[SNAP46] a merge that does not end is given up, and an idle thread is ended', async () => {
    const clock = createFakeClock();
    const merger = createMergeThread({ clock, log, startWorker, ...all });
    const late = merger.merge({ snapshot: null, updates: typed(3_000).updates });
    await clock.settle();
    clock.advance(120_000);
    await expect(late).rejects.toMatchObject({ code: 'internal' });
    await ended[0];
    expect(await merger.merge({ snapshot: null, updates: typed(20).updates })).toMatchObject({ kind: 'merged' });
    clock.advance(29_999);
    expect(await merger.merge({ snapshot: null, updates: typed(20).updates })).toMatchObject({ kind: 'merged' });
    expect(started).toHaveLength(2);
    clock.advance(30_000);
    await ended[1];
  });

  it('[SNAP46] a server that goes away ends the thread and takes no more', async () => {
    const merger = createMergeThread({ clock: createSystemClock(), log, startWorker, ...all });
    await merger.merge({ snapshot: null, updates: typed(20).updates });
    await merger.drain(0);
    await ended[0];
    await expect(merger.merge({ snapshot: null, updates: typed(20).updates })).rejects.toMatchObject({
      code: 'shutting-down',
    });
  });
});

describe('compacting a document of megabytes', () => {
  it('[SNAP53] hardly holds up the event loop, where merging it there would', { timeout: 120_000 }, async () => {
    const directory = createTemporaryDirectory('event-loop');
    const node = await openDocumentNode(directory.path, { inlineSnapshotBytes: 64 * 1024 });
    const record = await node.create('large');
    const updates = typedPages(5_000);
    const bytes = updates.reduce((sum, update) => sum + update.byteLength, 0);
    await appendAll(node, record.id, updates);
    // The first one starts the thread and compiles the code.
    await node.merger.merge({ snapshot: null, updates: typed(300).updates });

    const here = await worstDelay(async () => {
      const outcome = runMergeJob({ snapshot: null, updates });
      if (outcome.kind !== 'merged') throw new Error(outcome.reason);
    });
    const behind = await worstDelay(async () => {
      expect(await node.compactor.compact(record.id)).toBe(true);
    });
    const size = (await node.log.readLoadStart(record.id))?.snapshot?.bytes ?? 0;
    process.stdout.write(
      `compacting ${(bytes / 1e6).toFixed(1)} MB of updates into ${(size / 1e6).toFixed(1)} MB: longest event loop ` +
        `delay ${behind.toFixed(0)} ms; merged in the main thread: ${here.toFixed(0)} ms\n`,
    );
    expect(size).toBeGreaterThan(2_000_000);
    expect(behind).toBeLessThan(here / 2);
    await node.close();
    directory.remove();
  });
});

/** A document that two people wrote in thousands of places: much structure and much text. */
function typedPages(edits: number): readonly Uint8Array[] {
  const random = createRandom(5);
  const docs = [new Y.Doc(), new Y.Doc()];
  const updates: Uint8Array[] = [];
  for (const [index, doc] of docs.entries()) {
    doc.clientID = index + 1;
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'remote') return;
      updates.push(update);
      Y.applyUpdate(docs[1 - index]!, update, 'remote');
    });
  }
  while (updates.length < edits) {
    const text = random.pick(docs).getText('t');
    text.insert(random.below(text.length + 1), 'a sentence that somebody wrote here. '.repeat(1 + random.below(40)));
  }
  return updates;
}

async function appendAll(
  node: Awaited<ReturnType<typeof openDocumentNode>>,
  documentId: number,
  updates: readonly Uint8Array[],
): Promise<void> {
  for (const [flush, update] of updates.entries()) {
    const payload = encodeLogRow([{ actor: 'ada', updates: [update] }]);
    const entries = [{ documentId, epoch: 1, payload, bindings: [] }];
    await node.log.append({ incarnation: 'test', flush, at: Date.now(), retry: false, entries });
  }
}

/** The longest time, in milliseconds, for which nothing else could run during the work. */
async function worstDelay(work: () => Promise<void>): Promise<number> {
  let [last, worst] = [performance.now(), 0];
  const look = (): void => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
  };
  const ticking = setInterval(look, 1);
  await new Promise((resolve) => void setTimeout(resolve, 20));
  [last, worst] = [performance.now(), 0];
  await work();
  await new Promise((resolve) => void setTimeout(resolve, 20));
  clearInterval(ticking);
  return worst;
}
