// Loaded into a server that a test watches: on SIGUSR2 it collects all that is garbage, and tells what is left.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';

let asked = 0;

async function tellHeld() {
  asked += 1;
  // What ends in one collection is freed in the next.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`\nheld ${asked} ${heapUsed + external}\n`);
}

if (isMainThread) process.on('SIGUSR2', () => void tellHeld());
