import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { createSweeper } from '../../src/workers/sweeper.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode, type NodeOptions } from './document-node.ts';
import { forget, NOBODY, textOf, typeInto } from './document-typing.ts';

const HOUR = 3_600_000;

let directory: TemporaryDirectory;
let node: DocumentNode;
/** Hours by which the node's wall clock is ahead. */
let hours: number;

const shifted = { ...createSystemClock(), now: () => Date.now() + hours * HOUR };

beforeEach(async () => {
  hours = 0;
  directory = createTemporaryDirectory('sweeper');
  node = await openDocumentNode(directory.path, { clock: shifted });
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

async function reopen(options: NodeOptions): Promise<void> {
  await node.close();
  node = await openDocumentNode(directory.path, { clock: shifted, ...options });
}

async function newDocument(name: string, texts: readonly string[]): Promise<DocumentRecord> {
  const record = await node.create(name);
  await typeInto(node, record, { texts });
  return record;
}

function files(): string[] {
  return readdirSync(`${directory.path}/snapshots`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(snapshot|segment)-/.test(name),
  );
}

async function rowsOf(record: DocumentRecord): Promise<readonly number[]> {
  return (await node.log.readRows(record.id, 0, 1_000)).map(({ seq }) => seq);
}

describe('the sweeper', () => {
  it('[SNAP45] a document that nobody opens is folded, archived and dropped once its rows are old enough', async () => {
    const record = await newDocument('a', ['one ', 'two ']);
    const young = await node.create('b');
    await node.sweeper.sweep();
    expect(await node.history.readProgress(record.id)).toMatchObject({ snapshotSeq: 0, archivedSeq: 0 });
    hours = 13;
    await node.sweeper.sweep();
    expect(await node.history.readProgress(record.id)).toMatchObject({ snapshotSeq: 2, archivedSeq: 2 });
    expect(await rowsOf(record)).toEqual([1, 2]);
    hours = 25;
    await typeInto(node, young, { texts: ['young'] });
    await node.sweeper.sweep();
    expect(await rowsOf(record)).toEqual([]);
    expect(await node.history.readProgress(young.id)).toMatchObject({ archivedSeq: 0 });
    expect(await rowsOf(young)).toEqual([1]);
    forget(node, record);
    expect(await textOf(node, record)).toBe('one two ');
    await typeInto(node, record, { texts: ['three'] });
    expect(await textOf(node, record)).toBe('one two three');
  });

  it('[SNAP45] rows go in small batches, and a consumer holds them back', async () => {
    const record = await newDocument(
      'a',
      Array.from({ length: 700 }, () => 'x'),
    );
    await node.cursors.register('search', 'every-document');
    await node.cursors.advance('search', record.id, 600);
    const batches: number[] = [];
    const { removeRows } = node.upkeep;
    node.upkeep.removeRows = async (id, range) => {
      const removed = await removeRows(id, range);
      batches.push(removed);
      return removed;
    };
    const deps = { ...node, limits: { archiveAfter: HOUR, rowMinAge: HOUR, deletedAfter: HOUR, dropsRows: true } };
    const sweeper = createSweeper(deps);
    hours = 2;
    await sweeper.sweep();
    expect(batches).toEqual([256, 256, 88, 0]);
    expect((await rowsOf(record))[0]).toBe(601);
    await node.cursors.unregister('search');
    await sweeper.sweep();
    expect(await rowsOf(record)).toEqual([]);
    await sweeper.drain(0);
  });

  it('[SNAP45] where an engine drops partitions, no row is removed one by one', async () => {
    await reopen({ limits: { dropsRows: false } });
    const record = await newDocument('a', ['one ']);
    hours = 30;
    await node.sweeper.sweep();
    expect(await node.history.readProgress(record.id)).toMatchObject({ archivedSeq: 1 });
    expect(await rowsOf(record)).toEqual([1]);
  });

  it('[SNAP45] one document that cannot be swept does not keep the others from it', async () => {
    const [bad, good] = [await newDocument('bad', ['one ']), await newDocument('good', ['two '])];
    const { readLoadStart } = node.log;
    node.log.readLoadStart = (id) => (id === bad.id ? Promise.reject(new Error('no')) : readLoadStart(id));
    hours = 30;
    await node.sweeper.sweep();
    expect(await rowsOf(good)).toEqual([]);
    expect(await rowsOf(bad)).toEqual([1]);
  });

  it('[SNAP45] rounds come by themselves, at times that differ from node to node', async () => {
    const waits: number[] = [];
    for (const seed of [1, 2, 3]) {
      const clock = createFakeClock({ seed });
      let rounds = 0;
      const upkeep = {
        ...node.upkeep,
        readBacklog: () => Promise.resolve((rounds += 1)).then(() => ({ entries: [], next: null })),
      };
      const limits = { archiveAfter: HOUR, rowMinAge: HOUR, deletedAfter: HOUR, dropsRows: true };
      const sweeper = createSweeper({ ...node, upkeep, clock, limits });
      let waited = 0;
      for (; rounds === 0 && waited < HOUR; waited += 10_000) {
        clock.advance(10_000);
        await clock.settle();
      }
      waits.push(waited);
      await sweeper.drain(0);
      clock.advance(24 * HOUR);
      expect(rounds).toBe(1);
    }
    expect(new Set(waits).size).toBe(3);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60_000);
  });
});

describe('garbage', () => {
  it('[SNAP48] an object that was written and never published goes once its intent expired', async () => {
    const record = await newDocument('a', ['one ']);
    const { publish } = node.snapshotIndex;
    node.snapshotIndex.publish = () => Promise.reject(new Error('the process died here'));
    await expect(node.compactor.compact(record.id)).rejects.toThrow('died');
    node.snapshotIndex.publish = publish;
    await node.compactor.compact(record.id);
    expect(files()).toHaveLength(2);
    await node.sweeper.sweep();
    expect(files()).toHaveLength(2);
    hours = 2;
    await node.sweeper.sweep();
    expect(files()).toHaveLength(1);
    forget(node, record);
    expect(await textOf(node, record)).toBe('one ');
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total') ?? 0).toBe(0);
  });

  it('[SNAP48] an object that somebody else was faster with goes at once', async () => {
    const record = await newDocument('a', ['one ']);
    const { publish } = node.snapshotIndex;
    node.snapshotIndex.publish = () => Promise.resolve(false);
    expect(await node.compactor.compact(record.id)).toBe(false);
    expect(files()).toHaveLength(0);
    node.snapshotIndex.publish = publish;
    expect(await node.compactor.compact(record.id)).toBe(true);
    expect(files()).toHaveLength(1);
  });

  it('[SNAP48] an object that cannot be removed now is removed later, and nothing else waits for it', async () => {
    const record = await newDocument('a', ['one ']);
    await node.compactor.compact(record.id);
    let broken = true;
    await reopen({
      snapshots: (store) => ({
        ...store,
        remove: (key) => (broken ? Promise.reject(new ScriptoriumError('storage-unavailable')) : store.remove(key)),
      }),
    });
    for (const text of ['two ', 'three ']) {
      await typeInto(node, record, { texts: [text] });
      await node.compactor.compact(record.id);
    }
    expect(files()).toHaveLength(3);
    hours = 2;
    await node.sweeper.sweep();
    expect(files()).toHaveLength(3);
    broken = false;
    hours = 3;
    await node.sweeper.sweep();
    expect(files()).toHaveLength(2);
  });

  it('[SNAP48] a deleted document leaves nothing behind once its days are over, and others lose nothing', async () => {
    const [gone, stays] = [await newDocument('gone', ['one ']), await newDocument('stays', ['two '])];
    for (const record of [gone, stays]) {
      await node.compactor.compact(record.id);
      await node.archiver.archive(record.id, true);
    }
    await node.documents.retire(gone, 'deleted', async (last) => {
      await node.catalog.remove(gone.tenant, gone.name, last, { user: 'grace', at: shifted.now() });
      return { kind: 'done', result: null };
    });
    hours = 47;
    await node.sweeper.sweep();
    expect(files()).toHaveLength(4);
    hours = 49;
    await node.sweeper.sweep();
    // What was released in this round is garbage for the next.
    await node.sweeper.sweep();
    expect(files().every((name) => name.includes(`/${stays.id}/`))).toBe(true);
    expect(files()).toHaveLength(2);
    expect(await rowsOf(gone)).toEqual([]);
    expect(await textOf(node, stays)).toBe('two ');
    const again = await node.create('gone');
    expect([again.epoch, (await node.rooms.open(again.id, NOBODY)).position.seq]).toEqual([2, 0]);
  });

  it('[SNAP10] of many snapshots the newest two are kept', async () => {
    const record = await node.create('a');
    for (let index = 0; index < 5; index += 1) {
      await typeInto(node, record, { texts: [`${index} `] });
      await node.compactor.compact(record.id);
    }
    expect((await node.snapshotIndex.list(record.id)).map(({ seq }) => seq)).toEqual([5, 4]);
    hours = 2;
    await node.sweeper.sweep();
    expect(files()).toHaveLength(2);
  });
});
