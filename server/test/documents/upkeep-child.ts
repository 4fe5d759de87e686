// A process of its own for the tests: node upkeep-child.ts DIRECTORY DOCUMENT_ID…
import { writeSync } from 'node:fs';
import { loadDocument } from '../../src/rooms/load-document.ts';
import { mergeLoaded } from '../../src/rooms/merge-loaded.ts';
import { countedTo, createCountingDocument, type CountingDocument } from '../support/counting-document.ts';
import { createRandom } from '../support/random.ts';
import { openDocumentNode } from './document-node.ts';
import { textOfState } from './document-typing.ts';

const [, , directory = '', ...ids] = process.argv;

/** More than any test waits for; a child that nobody kills ends by itself. */
const MAX_ROUNDS = 20_000;

/** Counts in all documents and keeps folding, archiving, dropping and sweeping them, until it is killed. */
async function keepUp(): Promise<void> {
  const node = await openDocumentNode(directory, { inlineSnapshotBytes: 300, inlineSegmentBytes: 200 });
  const random = createRandom(process.pid);
  const documents: CountingDocument[] = [];
  for (const id of ids.map(Number)) {
    const { state } = mergeLoaded(await loadDocument(node, id));
    const encoded = state.encode();
    const from = countedTo(textOfState(encoded));
    documents.push(createCountingDocument(id, { state: encoded, from, client: 1 + random.below(2 ** 31) }));
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const document = random.pick(documents);
    const { documentId } = document;
    await document.count(node.log);
    writeSync(1, `${documentId} ${document.acknowledged}\n`);
    // At the same time, so that a kill meets each of them at any point.
    await Promise.all([
      node.compactor.compact(documentId),
      node.archiver.archive(random.pick(documents).documentId, true),
      node.upkeep.removeRows(random.pick(documents).documentId, { upTo: 1e9, before: Date.now() + 1_000, limit: 20 }),
    ]);
    if (random.chance(0.3)) await sweep();
  }
  await node.close();

  /** As if hours had passed since every key was registered; so not while one is being written. */
  async function sweep(): Promise<void> {
    const now = Date.now() + 2 * 3_600_000;
    const keys = await node.register.takeExpired({ now, retryAt: now - 1, limit: 10 });
    for (const key of keys) await node.snapshots.remove(key);
    await node.register.forget(keys);
  }
}

await keepUp().catch((error: unknown) => {
  writeSync(2, error instanceof Error ? `${error.stack}\n` : 'failed\n');
  process.exitCode = 1;
});
