import { parentPort } from 'node:worker_threads';
import { runMergeJob } from './merge-job.ts';
import { type MergeAnswer, type PackedJob, unpackJob } from './merge-messages.ts';

function answer(packed: PackedJob): MergeAnswer {
  try {
    return runMergeJob(unpackJob(packed));
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (packed: PackedJob) => {
  const result = answer(packed);
  const isWholeBuffer = result.kind === 'merged' && result.state.byteLength === result.state.buffer.byteLength;
  parentPort?.postMessage(result, isWholeBuffer ? [result.state.buffer as ArrayBuffer] : []);
  // Freed at once rather than with the next collection, which an idle thread has no reason for.
  const { buffer } = packed.bytes;
  if (!buffer.detached) buffer.transfer(0);
});
