// What a merge costs: node server/test/merge-benchmark.ts
import * as Y from 'yjs';
import { runMergeJob } from '../src/workers/merge-job.ts';
import { createRandom } from './support/random.ts';

const ROUNDS = 15;

/** The updates of somebody who types words, mostly at the end, and takes some back. */
function typeWords(edits: number): readonly Uint8Array[] {
  const random = createRandom(1);
  const doc = new Y.Doc();
  doc.clientID = 7;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const text = doc.getText('t');
  while (updates.length < edits) {
    const place = random.chance(0.9) ? text.length : random.below(text.length + 1);
    text.insert(place, 'word '.repeat(1 + random.below(3)));
    if (random.chance(0.1) && text.length > 20) text.delete(random.below(text.length - 10), 5);
  }
  return updates;
}

function mergeAll(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return Y.encodeStateAsUpdate(doc);
}

process.stdout.write('snapshot KiB, updates behind it: milliseconds, median and worst of 15\n');
for (const before of [0, 2_000, 8_000, 40_000]) {
  for (const tail of [64, 256, 1_000]) {
    const updates = typeWords(before + tail);
    const job = { snapshot: mergeAll(updates.slice(0, before)), updates: updates.slice(before) };
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      runMergeJob(job);
      times.push(performance.now() - begun);
    }
    times.sort((one, other) => one - other);
    const [median, worst] = [times[ROUNDS >> 1] ?? 0, times.at(-1) ?? 0];
    const size = (job.snapshot.byteLength / 1024).toFixed(0);
    process.stdout.write(`${size.padStart(12)}, ${tail}: ${median.toFixed(1)}, ${worst.toFixed(1)}\n`);
  }
}
