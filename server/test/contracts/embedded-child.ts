// A process of its own for the tests: node embedded-child.ts (append DOCUMENT_ID | open) DIRECTORY
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { entry } from './store-under-test.ts';

const [, , task, directory = '', documentId] = process.argv;

/** More than any test waits for; a child that nobody kills ends by itself. */
const MAX_FLUSHES = 30_000;

/** Appends three at a time until it is killed, and tells of each row once it is acknowledged. */
async function appendUntilKilled(id: number): Promise<void> {
  const store = await openEmbeddedStore(directory);
  const incarnation = randomUUID();
  const appendAndTell = async (flush: number): Promise<void> => {
    const text = `${incarnation} ${flush}`;
    const batch = { incarnation, flush, at: Date.now(), retry: false, entries: [entry(id, text)] };
    const [result] = await store.log.append(batch);
    if (result?.kind !== 'stored') throw new Error(`the row was not stored: ${result?.kind}`);
    writeSync(1, `${result.seq} ${text}\n`);
  };
  for (let flush = 1; flush < MAX_FLUSHES; flush += 3) {
    await Promise.all([appendAndTell(flush), appendAndTell(flush + 1), appendAndTell(flush + 2)]);
  }
  await store.close();
}

async function openOnce(): Promise<void> {
  try {
    const store = await openEmbeddedStore(directory);
    await store.close();
    writeSync(1, 'opened\n');
  } catch (error) {
    writeSync(1, error instanceof ScriptoriumError ? `${error.code} ${error.detail}\n` : `${String(error)}\n`);
  }
}

await (task === 'append' ? appendUntilKilled(Number(documentId)) : openOnce());
