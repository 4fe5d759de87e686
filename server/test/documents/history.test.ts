import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeLogRow } from '../../src/core/log-row.ts';
import { createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import { catchUp } from '../../src/rooms/catch-up.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { readLog, type LogPage } from '../../src/rooms/read-log.ts';
import { createRoomRegistry } from '../../src/rooms/room-registry.ts';
import { createRandom } from '../support/random.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode, type NodeOptions } from './document-node.ts';
import { forget, NOBODY, textOf, textOfState, typeInto } from './document-typing.ts';

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('history');
  node = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

async function reopen(options: NodeOptions): Promise<void> {
  await node.close();
  node = await openDocumentNode(directory.path, options);
}

interface PlainRow {
  readonly seq: number;
  readonly at: number;
  readonly sum: string;
  readonly segments: unknown;
  readonly intact: boolean;
}

/** Reads a range; rows as plain values, and lost ones in words, so that reads can be compared. */
async function read(documentId: number, after: number, upTo: number): Promise<readonly (PlainRow | string)[]> {
  const pages: LogPage[] = [];
  for await (const page of readLog(node, documentId, { after, upTo })) pages.push(page);
  return pages.flatMap((page): readonly (PlainRow | string)[] =>
    page.kind === 'lost'
      ? [`${page.fromSeq} to ${page.toSeq}: ${page.damage}`]
      : page.rows.map(({ seq, at, payload, sum, intact }) => ({
          seq,
          at,
          sum: Buffer.from(sum).toString('hex'),
          segments: decodeLogRow(payload),
          intact,
        })),
  );
}

/** Drops every row that may be dropped, whatever its age. */
async function drop(documentId: number): Promise<number> {
  return node.upkeep.removeRows(documentId, { upTo: 1e9, before: Date.now() + 1_000, limit: 10_000 });
}

/** A document of so many rows, of which those up to `archived` are in segments, each of so many rows. */
async function newArchived(rows: number, archived: readonly number[]): Promise<DocumentRecord> {
  const record = await node.create(`d${Math.random().toString(36).slice(2)}`);
  let typed = 0;
  for (const upTo of archived) {
    await typeInto(node, record, { texts: Array.from({ length: upTo - typed }, (_, at) => `${typed + at + 1} `) });
    typed = upTo;
    expect(await node.compactor.compact(record.id)).toBe(true);
    expect(await node.archiver.archive(record.id, true)).toBeGreaterThan(0);
  }
  await typeInto(node, record, { texts: Array.from({ length: rows - typed }, (_, at) => `${typed + at + 1} `) });
  return record;
}

const words = (count: number): string => Array.from({ length: count }, (_, index) => `${index + 1} `).join('');

function segmentFiles(): string[] {
  const root = join(directory.path, 'snapshots');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('segment-'))
    .map((name) => join(root, name));
}

describe('history', () => {
  it('[SNAP41] any range of a document reads the same before and after archiving and dropping', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: Array.from({ length: 40 }, (_, index) => `${index} `) });
    const before = await read(record.id, 0, 40);
    expect(before).toHaveLength(40);
    for (const upTo of [9, 10, 31]) {
      // Folding stops where the log seems to end.
      await reopen({ log: (log) => endingAt(log, upTo) });
      await node.compactor.compact(record.id);
      await node.archiver.archive(record.id, true);
    }
    await reopen({});
    expect(await node.history.readProgress(record.id)).toMatchObject({ head: 40, archivedSeq: 31 });
    expect(await read(record.id, 0, 40)).toEqual(before);
    expect(await drop(record.id)).toBe(31);
    expect((await node.log.readRows(record.id, 0, 100)).map(({ seq }) => seq)[0]).toBe(32);
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = createRandom(seed);
    for (let round = 0; round < 30; round += 1) {
      const after = random.below(40);
      const upTo = after + random.below(41 - after);
      expect(await read(record.id, after, upTo), `seed ${seed}`).toEqual(before.slice(after, upTo));
    }
  });

  it('[SNAP41] a hole in the middle of the log, as a dropped partition leaves it, is filled from the segments', async () => {
    const record = await newArchived(30, [10, 20]);
    const before = await read(record.id, 0, 30);
    await node.database.deleteFrom('log_rows').where('seq', 'in', [2, 3, 8, 9, 10, 11, 12, 15, 20]).execute();
    expect(await read(record.id, 0, 30)).toEqual(before);
    expect(await read(record.id, 8, 16)).toEqual(before.slice(8, 16));
  });

  it('[SNAP41] a room that lags behind what was dropped catches up from the segments', async () => {
    const record = await node.create('a');
    const fanOut = createInProcessFanOut({ node: 'deaf' });
    const awarenessLimits = { statesPerSession: 8, stateBytes: 4096, perSecond: 40 };
    const onTail = () => undefined;
    const deaf = createRoomRegistry({
      ...node,
      fanOut,
      node: 'deaf',
      awarenessLimits,
      documentBytes: Infinity,
      onTail,
    });
    await typeInto(node, record, { texts: ['1 '] });
    const room = await deaf.open(record.id, NOBODY);
    await typeInto(node, record, { texts: Array.from({ length: 29 }, (_, index) => `${index + 2} `) });
    await node.compactor.compact(record.id);
    await node.archiver.archive(record.id, true);
    expect(await drop(record.id)).toBe(30);
    await catchUp(node, room);
    expect([room.discarded, room.position.seq]).toEqual([false, 30]);
    expect(textOfState(room.committed.merged())).toBe(words(30));
  });

  it('[SNAP42] a row that is damaged in the log is read from its segment', async () => {
    const record = await newArchived(12, [10]);
    const before = await read(record.id, 0, 12);
    await node.database
      .updateTable('log_rows')
      .set({ payload: new Uint8Array([1, 2, 3]) })
      .where('seq', 'in', [1, 4, 5, 10])
      .execute();
    expect(await read(record.id, 0, 12)).toEqual(before);
  });

  it.each(['flip', 'truncate', 'grow', 'swap'] as const)(
    '[SNAP12] a damaged segment (%s) is told as rows that are lost, and never read as anything else',
    async (how) => {
      const record = await newArchived(12, [5, 10]);
      const before = await read(record.id, 0, 12);
      await drop(record.id);
      const [first = '', second = ''] = segmentFiles();
      damage({ file: first, other: second, how });
      const after = await read(record.id, 0, 12);
      const [lost] = after.filter((it) => typeof it === 'string');
      const isLost = (row: PlainRow | string): boolean =>
        typeof row !== 'string' && (lost === '1 to 5: checksum' ? row.seq <= 5 : row.seq > 5 && row.seq <= 10);
      expect(['1 to 5: checksum', '6 to 10: checksum']).toContain(lost);
      expect(after.filter((it) => typeof it !== 'string')).toEqual(before.filter((row) => !isLost(row)));
      expect(node.telemetry.counters.get('history_checksum_failures_total')).toBe(1);
      forget(node, record);
      expect(await textOf(node, record)).toBe(words(12));
    },
  );
});

function damage(what: { readonly file: string; readonly other: string; readonly how: string }): void {
  const bytes = readFileSync(what.file);
  const middle = bytes.length >> 1;
  if (what.how === 'flip') bytes[middle] = (bytes[middle] ?? 0) ^ 4;
  if (what.how === 'swap') writeFileSync(what.file, readFileSync(what.other));
  else if (what.how === 'grow') writeFileSync(what.file, Buffer.concat([bytes, Buffer.from([0])]));
  else writeFileSync(what.file, what.how === 'truncate' ? bytes.subarray(0, middle) : bytes);
}

/** A log of which the rows above a number do not show yet. */
function endingAt(log: DocumentNode['log'], head: number): DocumentNode['log'] {
  return {
    ...log,
    readLoadStart: async (documentId) => {
      const start = await log.readLoadStart(documentId);
      return start && { ...start, head, rows: start.rows.filter(({ seq }) => seq <= head) };
    },
  };
}

describe('archiving', () => {
  it('[SNAP44] rows are archived up to the snapshot, and few of them only when everything is asked for', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['1 ', '2 ', '3 '] });
    expect(await node.archiver.archive(record.id, true)).toBe(0);
    await node.compactor.compact(record.id);
    await typeInto(node, record, { texts: ['4 '] });
    expect(await node.archiver.archive(record.id, false)).toBe(0);
    expect(await node.archiver.archive(record.id, true)).toBe(3);
    expect(await node.archiver.archive(record.id, true)).toBe(0);
    expect(await node.history.readProgress(record.id)).toMatchObject({ head: 4, archivedSeq: 3 });
  });

  it('[SNAP44] a segment that reads back other than it was written is not published', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['1 ', '2 '] });
    await node.compactor.compact(record.id);
    await reopen({
      snapshots: (store) => ({ ...store, get: async (key) => (await store.get(key))?.fill(7, 0, 1) ?? null }),
    });
    await expect(node.archiver.archive(record.id, true)).rejects.toThrow('reads back');
    expect(await node.history.readProgress(record.id)).toMatchObject({ archivedSeq: 0 });
    expect(await node.history.list(record.id, 0, 10)).toEqual([]);
  });

  it('[SNAP44] archiving stops before a row that is damaged, and goes on once it is sound', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['1 ', '2 ', '3 ', '4 '] });
    await node.compactor.compact(record.id);
    const [row] = await node.log.readRows(record.id, 2, 1);
    const setPayload = (payload: Uint8Array) =>
      node.database.updateTable('log_rows').set({ payload }).where('seq', '=', 3).execute();
    await setPayload(new Uint8Array([5]));
    expect(await node.archiver.archive(record.id, true)).toBe(2);
    expect(await node.archiver.archive(record.id, true)).toBe(0);
    await setPayload(row!.payload);
    expect(await node.archiver.archive(record.id, true)).toBe(2);
  });

  it('[SNAP44] small segments are inline, larger ones objects whose keys name tenant and document', async () => {
    const record = await newArchived(4, [4]);
    const [listed] = await node.history.list(record.id, 0, 10);
    const place = await node.history.locate(record.id, listed!.toSeq);
    expect(place?.kind === 'object' && place.key).toMatch(
      new RegExp(`^t/default/d/${record.id}/segment-4-${listed!.sha256}-[0-9a-z]+$`),
    );
    await reopen({ inlineSegmentBytes: 100_000 });
    const other = await newArchived(4, [4]);
    expect((await node.history.locate(other.id, 4))?.kind).toBe('inline');
    const before = await read(other.id, 0, 4);
    await drop(other.id);
    expect(await read(other.id, 0, 4)).toEqual(before);
  });
});
