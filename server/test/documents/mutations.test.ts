import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredPlace } from '../../src/ports/snapshot-pointer.ts';
import { loadDocument } from '../../src/rooms/load-document.ts';
import { mergeLoaded } from '../../src/rooms/merge-loaded.ts';
import { readLog } from '../../src/rooms/read-log.ts';
import { createCountingDocument } from '../support/counting-document.ts';
import { createRandom, type Random } from '../support/random.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { textOfState } from './document-typing.ts';

const FULL = process.env['FULL'] === '1';
const MUTATIONS = FULL ? 4_000 : 400;
const ROWS = 30;

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeAll(async () => {
  directory = createTemporaryDirectory('mutations');
});

afterAll(async () => {
  await node.close();
  directory.remove();
});

const wholeText = Array.from({ length: ROWS }, (_, index) => `${index + 1} `).join('');

/** A document of 30 rows with its newest two snapshots and three segments; of some the rows are dropped up to the last of them. */
async function newDocument(name: string, dropped: boolean): Promise<number> {
  const { id } = await node.create(name);
  const document = createCountingDocument(id, { state: null, from: 0 });
  for (let row = 1; row <= ROWS; row += 1) {
    await document.count(node.log);
    if (row % 9 !== 0) continue;
    await node.compactor.compact(id);
    await node.archiver.archive(id, true);
  }
  if (dropped) await node.upkeep.removeRows(id, { upTo: 1e9, before: Date.now() + 1_000, limit: 100 });
  return id;
}

/** One stored snapshot or segment, to be damaged and made whole again. */
interface Stored {
  readonly kind: 'snapshot' | 'segment';
  readonly seq: number;
  readonly bytes: Uint8Array;
  write(bytes: Uint8Array): Promise<void>;
}

async function storedOf(documentId: number): Promise<readonly Stored[]> {
  const snapshots = await node.snapshotIndex.list(documentId);
  const segments = await node.history.list(documentId, 0, 100);
  const found = [
    ...snapshots.map(
      ({ seq }) => ({ kind: 'snapshot', seq, place: node.snapshotIndex.locate(documentId, seq) }) as const,
    ),
    ...segments.map(
      ({ toSeq }) => ({ kind: 'segment', seq: toSeq, place: node.history.locate(documentId, toSeq) }) as const,
    ),
  ];
  return Promise.all(
    found.map(async ({ kind, seq, place }) => openStored({ kind, seq, documentId, place: (await place)! })),
  );
}

function openStored(what: {
  readonly kind: Stored['kind'];
  readonly seq: number;
  readonly documentId: number;
  readonly place: StoredPlace;
}): Stored {
  const { kind, seq, documentId, place } = what;
  if (place.kind === 'object') {
    const path = join(directory.path, 'snapshots', place.key);
    return { kind, seq, bytes: new Uint8Array(readFileSync(path)), write: async (bytes) => writeFileSync(path, bytes) };
  }
  const { database } = node;
  const write = async (content: Uint8Array): Promise<void> => {
    if (kind === 'snapshot') {
      const update = database.updateTable('snapshots').set({ content }).where('document_id', '=', documentId);
      await update.where('seq', '=', seq).execute();
      return;
    }
    const update = database.updateTable('history_segments').set({ content }).where('document_id', '=', documentId);
    await update.where('to_seq', '=', seq).execute();
  };
  return { kind, seq, bytes: new Uint8Array(place.content), write };
}

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.4)) return bytes.slice(0, random.below(bytes.length));
  const mutated = bytes.slice();
  const at = random.below(bytes.length);
  mutated[at] = (mutated[at] ?? 0) ^ (1 << random.below(8));
  return mutated;
}

/** Loads the document: it must be whole, whatever was damaged. Says which snapshot the load stands on. */
async function loadWhole(documentId: number): Promise<number> {
  const loaded = await loadDocument(node, documentId);
  expect(loaded.damage).toEqual([]);
  const { state, quarantine } = mergeLoaded(loaded);
  expect(quarantine).toBeNull();
  expect(textOfState(state.encode())).toBe(wholeText);
  state.destroy();
  return loaded.snapshotSeq;
}

/** Reads the whole past: each row as it was, or told as lost. Says how many are lost. */
async function readPast(documentId: number, expected: readonly string[]): Promise<number> {
  const read: string[] = [];
  let lost = 0;
  for await (const page of readLog(node, documentId, { after: 0, upTo: ROWS })) {
    if (page.kind === 'rows') {
      for (const row of page.rows)
        read[row.seq - 1] = row.intact ? Buffer.from(row.payload).toString('hex') : 'damaged';
    } else {
      lost += page.toSeq - page.fromSeq + 1;
      for (let seq = page.fromSeq; seq <= page.toSeq; seq += 1) read[seq - 1] = expected[seq - 1] ?? '';
    }
  }
  expect(read).toEqual(expected);
  return lost;
}

describe(`${MUTATIONS} bit flips and truncations`, () => {
  it(
    '[SNAP52] of stored snapshots and segments are all noticed, and every document is recovered from the log',
    { timeout: 60_000 + MUTATIONS * 100 },
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = createRandom(seed);
      const counts = { snapshots: 0, segments: 0, fellBack: 0, fromTheBeginning: 0, rowsLost: 0 };
      node = await openDocumentNode(directory.path);
      const objects = [await newDocument('objects', false), await newDocument('objects-dropped', true)];
      await node.close();
      const inline = { inlineSnapshotBytes: 1e6, inlineSegmentBytes: 1e6 };
      node = await openDocumentNode(directory.path, inline);
      const documents = [...objects, await newDocument('inline', false), await newDocument('inline-dropped', true)];
      const pasts = new Map<number, readonly string[]>();
      for (const id of documents) {
        const rows: string[] = [];
        for await (const page of readLog(node, id, { after: 0, upTo: ROWS })) {
          if (page.kind === 'rows') rows.push(...page.rows.map(({ payload }) => Buffer.from(payload).toString('hex')));
        }
        expect(rows).toHaveLength(ROWS);
        pasts.set(id, rows);
      }
      for (let done = 0; done < MUTATIONS;) {
        const id = random.pick(documents);
        const stored = await storedOf(id);
        const segments = stored.filter(({ kind }) => kind === 'segment');
        const snapshots = stored.filter(({ kind }) => kind === 'snapshot').toSorted((a, b) => b.seq - a.seq);
        // Either the newest snapshots, however many, or a segment: what is needed to recover from both is gone.
        const targets = random.chance(0.6)
          ? snapshots.slice(0, 1 + random.below(snapshots.length))
          : [random.pick(segments)];
        for (const target of targets) await target.write(mutate(target.bytes, random));
        try {
          const base = await loadWhole(id);
          const lost = await readPast(id, pasts.get(id) ?? []);
          const isSnapshot = targets[0]?.kind === 'snapshot';
          expect(base).toBe(snapshots[isSnapshot ? targets.length : 0]?.seq ?? 0);
          expect(lost > 0 && isSnapshot).toBe(false);
          counts[isSnapshot ? 'snapshots' : 'segments'] += targets.length;
          counts.rowsLost += lost;
          counts.fellBack += isSnapshot && base > 0 ? 1 : 0;
          counts.fromTheBeginning += base === 0 ? 1 : 0;
        } catch (error) {
          throw new Error(`seed ${seed}, mutation ${done}`, { cause: error });
        }
        for (const target of targets) await target.write(target.bytes);
        done += targets.length;
      }
      process.stdout.write(`seed ${seed}: ${JSON.stringify(counts)}\n`);
      expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
    },
  );
});
