import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { typeInto } from './document-typing.ts';

const INLINE = 1_000;
/** Milliseconds, at most, until the store is tried again. */
const FIRST_RETRY = 5_000;
/** So many times as fast go the waits. */
const HASTE = 100;

describe('compaction while the object store is away', () => {
  let directory: TemporaryDirectory;
  let node: DocumentNode;
  let isAway = true;
  /** Keys of objects that were to be written meanwhile, and how often the store was asked whether it is back. */
  let tried: string[];
  let probes = 0;
  /** In the keys of objects that are never written. */
  let refused = '';

  beforeEach(async () => {
    directory = createTemporaryDirectory('compaction-waits');
    [isAway, tried, probes, refused] = [true, [], 0, ''];
    const clock = createSystemClock();
    node = await openDocumentNode(directory.path, {
      clock: { ...bindClock(clock), after: (milliseconds, callback) => clock.after(milliseconds / HASTE, callback) },
      inlineSnapshotBytes: INLINE,
      snapshots: (store) => ({
        get: (key) => store.get(key),
        remove: async (key) => {
          if (isAway) {
            probes += 1;
            throw new ScriptoriumError('storage-unavailable');
          }
          await store.remove(key);
        },
        put: async (key, bytes) => {
          if (isAway || (refused !== '' && key.includes(refused))) {
            tried.push(key);
            throw new ScriptoriumError('storage-unavailable');
          }
          await store.put(key, bytes);
        },
      }),
    });
  });

  afterEach(async () => {
    await node.compactor.drain(0);
    await node.close();
    directory.remove();
  });

  it('[SNAP57] one large document finds the store away, all wait, and are compacted once it is back', async () => {
    const [first, second] = [await written('first', INLINE), await written('second', INLINE)];
    for (const record of [first, second]) consider(record, INLINE);
    await waitUntil('the store was tried again', () => probes >= 2);
    expect(tried).toEqual([expect.stringContaining(`/${first.id}/`)]);
    isAway = false;
    await waitUntil('both have a snapshot', async () => (await hasSnapshot(first)) && (await hasSnapshot(second)));
  });

  it('[SNAP57] one that comes while the others wait, waits with them, and stops nothing', async () => {
    const first = await written('first', INLINE);
    consider(first, INLINE);
    await waitUntil('the store was tried', () => tried.length > 0);
    const [second, small] = [await written('second', INLINE), await written('small', 10)];
    consider(second, INLINE);
    consider(small, 10);
    await waitUntil('the small one has a snapshot', () => hasSnapshot(small));
    isAway = false;
    await waitUntil('both have a snapshot', async () => (await hasSnapshot(first)) && (await hasSnapshot(second)));
  });

  it('[SNAP57] one that fails although the store answers holds up no other', async () => {
    const [first, second] = [await written('first', INLINE), await written('second', INLINE)];
    refused = `/${first.id}/`;
    for (const record of [first, second]) consider(record, INLINE);
    await waitUntil('the store was tried', () => tried.length > 0);
    isAway = false;
    await waitUntil('the second one has a snapshot', () => hasSnapshot(second));
  });

  it('[SNAP57] documents whose snapshot goes into the database do not wait', async () => {
    const [large, small] = [await written('large', INLINE), await written('small', 10)];
    consider(large, INLINE);
    await waitUntil('the store was tried', () => tried.length > 0);
    consider(small, 10);
    await waitUntil('the small one has a snapshot', () => hasSnapshot(small));
    expect(await hasSnapshot(large)).toBe(false);
  });

  it('[SNAP57] who stops does not wait for the store', async () => {
    const large = await written('large', INLINE);
    consider(large, INLINE);
    await waitUntil('the store was tried', () => tried.length > 0);
    await node.compactor.drain(0);
    const before = [tried.length, probes];
    consider(large, INLINE);
    await sleep(2 * (FIRST_RETRY / HASTE));
    expect([tried.length, probes]).toEqual(before);
  });

  async function written(name: string, length: number): Promise<DocumentRecord> {
    const record = await node.create(name);
    await typeInto(node, record, { texts: ['x'.repeat(length)] });
    return record;
  }

  function consider({ id: documentId }: DocumentRecord, bytes: number): void {
    node.compactor.consider(
      { documentId, rows: 100, bytes: bytes + 1, snapshotBytes: 0, snapshotDamaged: false },
      true,
    );
  }

  async function hasSnapshot({ id }: DocumentRecord): Promise<boolean> {
    return (await node.snapshotIndex.list(id)).length > 0;
  }
});

function bindClock(clock: ReturnType<typeof createSystemClock>) {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    soon: (callback: () => void) => clock.soon(callback),
    random: () => clock.random(),
  };
}
