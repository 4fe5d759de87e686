import { hash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import { loadDocument } from '../../src/rooms/load-document.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode, type NodeOptions } from './document-node.ts';
import { forget, NOBODY, textOf, typeInto } from './document-typing.ts';

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('fallback');
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

function objectFiles(kind: 'snapshot' | 'segment'): string[] {
  const root = join(directory.path, 'snapshots');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(`${kind}-`))
    .map((name) => join(root, name))
    .toSorted();
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

const away = (store: SnapshotStore): SnapshotStore => ({
  ...store,
  get: () => Promise.reject(new ScriptoriumError('storage-unavailable', 'the store is away')),
});

/** A document of three words with two snapshots; archived and dropped up to the second, if so asked. */
async function newDocument(dropped: boolean) {
  const record = await node.create('a');
  await typeInto(node, record, { texts: ['one '] });
  await node.compactor.compact(record.id);
  await typeInto(node, record, { texts: ['two '] });
  await node.compactor.compact(record.id);
  await node.archiver.archive(record.id, true);
  await typeInto(node, record, { texts: ['three'] });
  const range = { upTo: 1e9, before: Date.now() + 1_000, limit: 100 };
  if (dropped) expect(await node.upkeep.removeRows(record.id, range)).toBe(2);
  forget(node, record);
  return record;
}

describe('loads', () => {
  it('[SNAP29] a document whose snapshot is inline needs no object store, and one read', async () => {
    await reopen({ inlineSnapshotBytes: 10_000 });
    const record = await newDocument(false);
    let reads = 0;
    await reopen({
      snapshots: away,
      log: (log) => ({
        ...log,
        readRows: () => Promise.reject(new Error('rows were read')),
        readLoadStart: (id) => {
          reads += 1;
          return log.readLoadStart(id);
        },
      }),
    });
    expect(await textOf(node, record)).toBe('one two three');
    expect(reads).toBe(1);
  });

  it('[SNAP29] damaged inline bytes are noticed and passed over', async () => {
    await reopen({ inlineSnapshotBytes: 10_000 });
    const record = await newDocument(true);
    const content = new Uint8Array([0, 0]);
    await node.database.updateTable('snapshots').set({ content }).where('seq', '=', 2).execute();
    expect(await textOf(node, record)).toBe('one two three');
    await node.database.updateTable('snapshots').set({ content }).execute();
    expect(await textOf(node, record)).toBe('one two three');
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total')).toBe(3);
  });

  it.each([false, true])(
    '[SNAP7] damaged snapshots are passed over one by one, then for the whole history (rows dropped: %s)',
    async (dropped) => {
      const record = await newDocument(dropped);
      const [first = '', second = ''] = objectFiles('snapshot');
      flip(second);
      expect(await textOf(node, record)).toBe('one two three');
      expect(node.telemetry.counters.get('snapshot_checksum_failures_total')).toBe(1);
      rmSync(first);
      expect(await textOf(node, record)).toBe('one two three');
      expect(await loadDocument(node, record.id)).toMatchObject({ snapshotSeq: 0, passedOver: 'damaged', damage: [] });
    },
  );

  it('[SNAP7] a snapshot that is sound but no document is passed over too', async () => {
    await reopen({ inlineSnapshotBytes: 10_000 });
    const record = await newDocument(true);
    // Three structs without length: Yjs takes them once, and can never load what it makes of them.
    const content = Buffer.from('0103050000000000000000', 'hex');
    const poison = { content, sha256: hash('sha256', content, 'hex'), bytes: content.length };
    await node.database.updateTable('snapshots').set(poison).where('seq', '=', 2).execute();
    const room = await node.rooms.open(record.id, NOBODY);
    expect(room.quarantine).toBeNull();
    expect(await textOf(node, record)).toBe('one two three');
  });

  it('[SNAP43] while the store is away, what the log alone can give is given', async () => {
    const record = await newDocument(false);
    await reopen({ snapshots: away });
    expect(await textOf(node, record)).toBe('one two three');
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total') ?? 0).toBe(0);
    expect(await loadDocument(node, record.id)).toMatchObject({ passedOver: 'unavailable', damage: [] });
  });

  it('[SNAP43] what only the store has is unavailable meanwhile, neither damaged nor half a document', async () => {
    const record = await newDocument(true);
    await reopen({ snapshots: away });
    await expect(node.documents.read(record)).rejects.toMatchObject({ code: 'storage-unavailable' });
    await expect(node.rooms.open(record.id, NOBODY)).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total') ?? 0).toBe(0);
    expect(node.telemetry.counters.get('documents_quarantined_total') ?? 0).toBe(0);
    await reopen({});
    expect(await textOf(node, record)).toBe('one two three');
  });

  it('[SNAP43] a store that is away is asked once per load, and nothing is folded meanwhile', async () => {
    const record = await newDocument(false);
    let asked = 0;
    await reopen({
      snapshots: (store) => ({
        ...store,
        get: (key) => {
          asked += 1;
          return away(store).get(key);
        },
      }),
    });
    expect(await textOf(node, record)).toBe('one two three');
    expect(asked).toBe(1);
    expect(await node.compactor.compact(record.id)).toBe(false);
    expect((await node.log.readLoadStart(record.id))?.snapshot?.seq).toBe(2);
  });

  it('[SNAP4] a load starts over when the pointer moves under it', async () => {
    const record = await newDocument(false);
    let moved = false;
    await reopen({
      snapshots: (store) => ({
        ...store,
        get: async (key) => {
          if (moved || !key.includes('snapshot-2-')) return store.get(key);
          moved = true;
          await node.compactor.compact(record.id);
          await node.snapshotIndex.retire(record.id, [2], 0);
          await node.sweeper.sweep();
          return store.get(key);
        },
      }),
    });
    expect(await textOf(node, record)).toBe('one two three');
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total') ?? 0).toBe(0);
    expect(objectFiles('snapshot').some((path) => path.includes('snapshot-2-'))).toBe(false);
  });

  it('[SNAP31] a damaged newest snapshot is replaced, though no row was added', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['one ', 'two'] });
    await node.compactor.compact(record.id);
    flip(objectFiles('snapshot')[0] ?? '');
    forget(node, record);
    expect(await node.compactor.compact(record.id)).toBe(true);
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total')).toBe(1);
    expect(await textOf(node, record)).toBe('one two');
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total')).toBe(1);
    expect(await node.compactor.compact(record.id)).toBe(false);
    await node.sweeper.sweep();
    expect(objectFiles('snapshot')).toHaveLength(1);
  });
});

describe('the tail behind a snapshot', () => {
  it('[SNAP47] what was added while a snapshot was made is still counted afterwards', async () => {
    const tails: { rows: number; bytes: number }[] = [];
    const record = await node.create('a');
    await node.close();
    node = await openDocumentNode(directory.path, {
      onTail: ({ rows, bytes }) => void tails.push({ rows, bytes }),
      snapshots: (store) => ({
        ...store,
        put: async (key, bytes) => {
          await typeInto(node, record, { texts: ['while it is written'] });
          await store.put(key, bytes);
        },
      }),
    });
    await typeInto(node, record, { texts: ['one ', 'two '] });
    await node.compactor.compact(record.id);
    await typeInto(node, record, { texts: ['!'] });
    const [during, after] = tails.slice(-2);
    expect(during?.rows).toBe(3);
    expect(after?.rows).toBe(2);
    const rows = await node.log.readRows(record.id, 2, 10);
    expect(rows).toHaveLength(2);
    expect(after!.bytes).toBeGreaterThan(20);
    expect(after!.bytes).toBeLessThan(rows.reduce((sum, { payload }) => sum + payload.byteLength, 0));
  });
});
