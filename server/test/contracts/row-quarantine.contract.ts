import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AT,
  bytes,
  entry,
  newDocument,
  newWriter,
  type OpenStore,
  readTexts,
  removeNow,
  type StoreUnderTest,
} from './store-under-test.ts';

/** What every quarantine of rows must do. */
export function describeRowQuarantine(adapter: string, open: OpenStore): void {
  describe(`row quarantine: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeSettingAside(() => store);
  });
}

function describeSettingAside(current: () => StoreUnderTest): void {
  it('[LOG39] rows that are set aside are kept as they were, others stand in their place, and the epoch rises', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    for (const text of ['one', 'two', 'three']) await writer.append(entry(id, text));
    const before = await store.log.readRows(id, 0, 10);
    const rows = [
      { seq: 2, damage: 'checksum', replacement: bytes('instead of two') },
      { seq: 3, damage: 'unmergeable', replacement: bytes('') },
    ] as const;
    expect(await store.quarantine.setAside(id, { epoch: 1, at: AT + 9, rows })).toBe(2);
    expect(await readTexts(store, id)).toEqual([
      [1, 'one'],
      [2, 'instead of two'],
      [3, ''],
    ]);
    const [, second] = await store.log.readRows(id, 0, 10);
    const sum = createHash('sha256').update('instead of two').digest().subarray(0, 16);
    expect(Buffer.compare(second!.sum, sum)).toBe(0);
    expect(second!.at).toBe(AT);
    const kept = await store.quarantine.list(id);
    expect(kept).toEqual([
      { ...before[1]!, damage: 'checksum', setAsideAt: AT + 9 },
      { ...before[2]!, damage: 'unmergeable', setAsideAt: AT + 9 },
    ]);
    expect(await writer.append(entry(id, 'stale'))).toEqual([{ kind: 'fenced' }]);
    expect(await writer.append(entry(id, 'fresh', { epoch: 2 }))).toEqual([{ kind: 'stored', seq: 4 }]);
  });

  it('[LOG39] a row that is missing gets one in its place', async () => {
    const store = current();
    const { id } = await newDocument(store);
    const writer = newWriter(store);
    for (const text of ['one', 'two', 'three']) await writer.append(entry(id, text));
    await store.damage.dropRow(id, 2);
    const rows = [{ seq: 2, damage: 'missing', replacement: bytes('empty') }] as const;
    await store.quarantine.setAside(id, { epoch: 1, at: AT + 9, rows });
    expect(await readTexts(store, id)).toEqual([
      [1, 'one'],
      [2, 'empty'],
      [3, 'three'],
    ]);
    expect(await store.quarantine.list(id)).toEqual([
      { seq: 2, at: AT + 9, damage: 'missing', payload: null, sum: null, setAsideAt: AT + 9 },
    ]);
  });

  it('[LOG39] nothing is set aside at another epoch or in a deleted document', async () => {
    const store = current();
    const { id, tenant, name } = await newDocument(store);
    await newWriter(store).append(entry(id, 'one'));
    const rows = [{ seq: 1, damage: 'checksum', replacement: bytes('x') }] as const;
    expect(await store.quarantine.setAside(id, { epoch: 2, at: AT, rows })).toBeNull();
    await removeNow(store, { tenant, name });
    expect(await store.quarantine.setAside(id, { epoch: 2, at: AT, rows })).toBeNull();
    expect(await readTexts(store, id)).toEqual([[1, 'one']]);
    expect(await store.quarantine.list(id)).toEqual([]);
  });
}
