import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packBatch } from '../../src/adapters/sqlite/packed-batch.ts';
import { startSqliteWorker } from '../../src/adapters/sqlite/open-sqlite.ts';
import type { WorkerRequest, WorkerResponse } from '../../src/adapters/sqlite/sqlite-messages.ts';
import { startMergeWorker } from '../../src/workers/merge-thread.ts';
import { packJob } from '../../src/workers/merge-messages.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const ROUNDS = 40;
const MEGABYTE = new Uint8Array(1_000_000).fill(7);

/** Bytes of buffers that a thread holds outside its heap. */
async function heldBy(worker: Worker): Promise<number> {
  const { external_memory: external } = await worker.getHeapStatistics();
  return external;
}

function nextMessage(worker: Worker): Promise<WorkerResponse> {
  return new Promise((resolve) => worker.once('message', resolve));
}

describe('threads that are handed bytes', () => {
  it('[OPS191] the thread of the database lets go of a batch once it is answered', { timeout: 60_000 }, async () => {
    const directory = createTemporaryDirectory();
    const worker = startSqliteWorker({ file: join(directory.path, 'log.db') });
    await nextMessage(worker);
    const before = await heldBy(worker);
    for (let round = 0; round < ROUNDS; round += 1) {
      const batch = packBatch({
        incarnation: 'one',
        flush: round,
        at: 0,
        retry: false,
        entries: [{ documentId: 1, epoch: 1, payload: MEGABYTE, bindings: [] }],
      });
      const request: WorkerRequest = { id: round, command: { kind: 'append', batch } };
      worker.postMessage(request, [batch.payloads.buffer, batch.layout.buffer]);
      await nextMessage(worker);
    }
    await sleep(50);
    expect((await heldBy(worker)) - before).toBeLessThan(5e6);
    await worker.terminate();
    directory.remove();
  });

  it('[OPS191] the thread that merges lets go of a job once it is done', { timeout: 60_000 }, async () => {
    const worker = startMergeWorker();
    const job = () => packJob({ snapshot: MEGABYTE, updates: [MEGABYTE] });
    const ask = async (): Promise<void> => {
      const packed = job();
      worker.postMessage(packed, [packed.lengths.buffer, packed.bytes.buffer]);
      await nextMessage(worker);
    };
    await ask();
    const before = await heldBy(worker);
    for (let round = 0; round < ROUNDS; round += 1) await ask();
    await sleep(50);
    expect((await heldBy(worker)) - before).toBeLessThan(5e6);
    await worker.terminate();
  });
});
