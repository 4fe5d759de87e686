import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toScriptoriumError } from '../../src/core/errors.ts';
import { catchUp } from '../../src/rooms/catch-up.ts';
import { loadDocument } from '../../src/rooms/load-document.ts';
import { mergeLoaded } from '../../src/rooms/merge-loaded.ts';
import { readLog } from '../../src/rooms/read-log.ts';
import { updatesOf } from '../../src/core/pending-row.ts';
import { decodeLogRow } from '../../src/core/log-row.ts';
import { createArchiver } from '../../src/workers/archiver.ts';
import { createCompactor } from '../../src/workers/compactor.ts';
import { openPostgresStore } from '../contracts/postgres-store.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { countedTo, createCountingDocument, type CountingDocument } from '../support/counting-document.ts';
import { createRandom } from '../support/random.ts';
import { findDangling } from '../support/stored-objects.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { NOBODY, textOfState } from './document-typing.ts';

const FULL = process.env['FULL'] === '1';
const SECONDS = FULL ? 600 : 5;
const DOCUMENTS = 50;

const SIZES = { inlineSnapshotBytes: 300, inlineSegmentBytes: 200 };
const NOTHING = { numbers: 0, snapshots: 0, segments: 0, dropped: 0, objects: 0, loads: 0, ranges: 0, caughtUp: 0 };

let directory: TemporaryDirectory;
let node: DocumentNode;
/** What each of the competitors did, so that a run that did nothing does not pass. */
let done = { ...NOTHING };

beforeEach(() => {
  done = { ...NOTHING };
  directory = createTemporaryDirectory('race');
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

/** A load in the middle of it all finds every acknowledged number. */
async function load(document: CountingDocument): Promise<void> {
  const before = document.acknowledged;
  const loaded = await loadDocument(node, document.documentId);
  expect(loaded).toMatchObject({ damage: [], passedOver: null });
  const { state, quarantine } = mergeLoaded(loaded);
  expect(quarantine).toBeNull();
  const counted = countedTo(textOfState(state.encode()));
  state.destroy();
  expect(counted).toBe(loaded.seq);
  expect(counted).toBeGreaterThanOrEqual(before);
  expect(counted).toBeLessThanOrEqual(document.sent);
  done.loads += 1;
}

/** A range of the past reads without a gap. */
async function readRange(document: CountingDocument, random: ReturnType<typeof createRandom>): Promise<void> {
  const upTo = document.acknowledged;
  const after = random.below(upTo + 1);
  let next = after + 1;
  for await (const page of readLog(node, document.documentId, { after, upTo })) {
    if (page.kind === 'lost') throw new Error(`rows ${page.fromSeq} to ${page.toSeq} are ${page.damage}`);
    for (const row of page.rows) {
      expect([row.seq, row.intact]).toEqual([next, true]);
      expect(updatesOf(decodeLogRow(row.payload))).toHaveLength(1);
      next += 1;
    }
  }
  expect(next).toBe(upTo + 1);
  done.ranges += 1;
}

/** A room that hears of nothing and falls behind what was dropped catches up. */
async function lagAndCatchUp(document: CountingDocument): Promise<void> {
  const room = await node.rooms.open(document.documentId, NOBODY);
  await new Promise((resolve) => void setTimeout(resolve, 100));
  const wanted = document.acknowledged;
  await catchUp(node, room);
  expect(room.discarded).toBe(false);
  expect(room.position.seq).toBeGreaterThanOrEqual(wanted);
  expect(countedTo(textOfState(room.committed.merged()))).toBe(room.position.seq);
  node.rooms.release(room);
  node.rooms.discard(document.documentId, 'room-discarded');
  done.caughtUp += 1;
}

/** Whoever finds that the sweeper took the object away under its hands starts over later, and nothing else. */
async function unlessSwept<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (toScriptoriumError(error).code === 'storage-unavailable') return null;
    throw error;
  }
}

/** Sweeps as if hours had passed: whatever nothing names goes at once, even while it is being written. */
async function sweepHastily(): Promise<void> {
  const now = Date.now() + 10 * 3_600_000;
  const keys = await node.register.takeExpired({ now, retryAt: now + 1, limit: 20 });
  for (const key of keys) await node.snapshots.remove(key);
  await node.register.forget(keys);
  done.objects += keys.length;
  await new Promise((resolve) => void setTimeout(resolve, 20));
}

describe(`${DOCUMENTS} documents for ${SECONDS} seconds`, { timeout: SECONDS * 1_000 + 120_000 }, () => {
  it('[SNAP50] writing, folding, archiving, dropping, sweeping and loading race on SQLite, and no load ever misses a row', async () => {
    node = await openDocumentNode(directory.path, SIZES);
    await race();
  });

  it.skipIf(missing.postgres)('[SNAP50] and so they do on PostgreSQL', async () => {
    const url = await newDatabase();
    node = await openDocumentNode(directory.path, { ...SIZES, openStore: () => openPostgresStore(url) });
    await race();
  });
});

async function race(): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = createRandom(seed);
  const documents: CountingDocument[] = [];
  for (let index = 0; index < DOCUMENTS; index += 1) {
    const { id } = await node.create(`d${index}`);
    documents.push(createCountingDocument(id, { state: null, from: 0 }));
  }
  const begun = performance.now();
  // On a slow machine it goes on until everybody has had a turn.
  const goesOn = (): boolean => {
    const seconds = (performance.now() - begun) / 1_000;
    return seconds < SECONDS || (seconds < SECONDS + 60 && Object.values(done).includes(0));
  };
  const keepDoing = async (work: () => Promise<unknown>): Promise<void> => {
    while (goesOn()) {
      await work();
      await new Promise((resolve) => void setImmediate(resolve));
    }
  };
  const anyone = (): CountingDocument => random.pick(documents);
  // Each competitor works as if it were alone, as nodes do.
  const rivals = Array.from({ length: 2 }, () => {
    const archiver = createArchiver({ ...node, inlineSegmentBytes: 200 });
    const rooms = (): DocumentNode['rooms'] => node.rooms;
    const merger = node.merger;
    return { archiver, compactor: createCompactor({ ...node, archiver, rooms, merger, keepDays: 0 }) };
  });
  const free = [...documents];
  const competitors = [
    ...Array.from({ length: 3 }, () => async () => {
      const document = free.splice(random.below(free.length), 1)[0]!;
      for (let left = random.below(8); left >= 0; left -= 1) await document.count(node.log);
      done.numbers = documents.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
      free.push(document);
    }),
    ...rivals.map(({ compactor }) => async () => {
      if (await unlessSwept(compactor.compact(anyone().documentId))) done.snapshots += 1;
    }),
    ...rivals.map(({ archiver }) => async () => {
      if (await unlessSwept(archiver.archive(anyone().documentId, random.chance(0.8)))) done.segments += 1;
    }),
    async () => {
      const range = { upTo: 1e9, before: Date.now() + 1_000, limit: 1 + random.below(40) };
      done.dropped += await node.upkeep.removeRows(anyone().documentId, range);
    },
    async () => {
      const { documentId } = anyone();
      const listed = await node.snapshotIndex.list(documentId);
      await node.snapshotIndex.retire(
        documentId,
        listed.slice(1).map(({ seq }) => seq),
        0,
      );
    },
    sweepHastily,
    ...Array.from({ length: 3 }, () => () => load(anyone())),
    () => readRange(anyone(), random),
    () => lagAndCatchUp(anyone()),
  ];
  try {
    await Promise.all(competitors.map(keepDoing));
    for (const document of documents) {
      await load(document);
      expect(await findDangling(node, document.documentId)).toEqual([]);
    }
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total') ?? 0).toBe(0);
    expect(node.telemetry.counters.get('history_checksum_failures_total') ?? 0).toBe(0);
    expect(Object.entries(done).filter(([, count]) => count === 0)).toEqual([]);
  } catch (error) {
    throw new Error(`seed ${seed}, ${JSON.stringify(done)}`, { cause: error });
  }
  process.stdout.write(`seed ${seed}: ${JSON.stringify(done)}\n`);
}
