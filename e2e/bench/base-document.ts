import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as Y from 'yjs';
import { loadTrace } from '../support/traces.ts';

/** Root of the text; clients of the load write into another one. */
const ROOT_NAME = 'long';

/** A file with a document that a long session left. */
export interface BaseDocument {
  readonly file: string;
  readonly bytes: number;
  readonly edits: number;
  dispose(): Promise<void>;
}

/**
 * Two people type a recorded session into one text again and again, each time behind the last, until so many edits are
 * made. Places are those of the recording, as far as they are there: the merge of the recording is not repeated, what
 * counts is the shape that years of typing and deleting leave.
 */
export async function writeBaseDocument(edits: number): Promise<BaseDocument> {
  const trace = await loadTrace('friendsforever');
  const people = [0, 1].map((agent) => {
    const doc = new Y.Doc();
    doc.clientID = 900_001 + agent;
    return doc;
  });
  for (const [agent, doc] of people.entries()) {
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      const other = people[1 - agent];
      if (origin !== 'other' && other !== undefined) Y.applyUpdate(other, update, 'other');
    });
  }
  let made = 0;
  while (made < edits) {
    const start = people[0]?.getText(ROOT_NAME).length ?? 0;
    for (const { agent, patches } of trace.txns) {
      const doc = people[agent % 2];
      if (doc === undefined || made >= edits) break;
      made += 1;
      doc.transact(() => applyPatches(doc.getText(ROOT_NAME), start, patches));
    }
  }
  const [doc = new Y.Doc()] = people;
  const update = Y.encodeStateAsUpdate(doc);
  const directory = await mkdtemp(join(tmpdir(), 'scriptorium-base-'));
  const file = join(directory, 'base.update');
  await writeFile(file, update);
  return {
    file,
    bytes: update.byteLength,
    edits: made,
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

function applyPatches(
  text: Y.Text,
  start: number,
  patches: readonly (readonly [position: number, deleted: number, inserted: string])[],
): void {
  for (const [position, deleted, inserted] of patches) {
    const at = Math.min(start + position, text.length);
    const length = Math.min(deleted, text.length - at);
    if (length > 0) text.delete(at, length);
    if (inserted.length > 0) text.insert(at, inserted);
  }
}
