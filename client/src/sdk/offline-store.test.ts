import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import { countKeptChanges, forgetOfflineCopies } from './offline-overview.ts';
import { openOfflineStore, type OfflineStore, type StoredDocument } from './offline-store.ts';

const owner = { server: 'ws://here/collab', user: 'ada' };
let opened: OfflineStore[] = [];

async function open(document = 'notes', of = owner): Promise<{ store: OfflineStore; stored: StoredDocument }> {
  const store = await openOfflineStore(of, document);
  opened.push(store);
  return { store, stored: await store.load() };
}

/** Updates that type a text, one character each. */
function type(text: string): Uint8Array[] {
  const document = new Doc();
  const updates: Uint8Array[] = [];
  document.on('update', (update: Uint8Array) => void updates.push(update));
  for (let index = 0; index < text.length; index += 1) document.getText('t').insert(index, text.charAt(index));
  return updates;
}

function read({ updates }: StoredDocument): string {
  const document = new Doc();
  for (const update of updates) applyUpdate(document, update);
  return document.getText('t').toString();
}

describe('offline store', () => {
  beforeEach(() => {
    opened = [];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(opened.map((store) => store.close()));
    await forgetOfflineCopies(owner);
    await forgetOfflineCopies({ ...owner, user: 'lin' });
  });

  it('[SDK11] what was kept is there at the next visit, with the number of unconfirmed changes', async () => {
    const { store, stored } = await open();
    expect(stored).toEqual({ updates: [], changes: 0, epoch: null });
    const [one, two, three] = type('abc');
    await Promise.all([one, two, three].map((update, index) => store.append(update ?? new Uint8Array(), index !== 1)));
    await store.setEpoch(4);
    const again = await open();
    expect(again.stored).toMatchObject({ changes: 2, epoch: 4 });
    expect(read(again.stored)).toBe('abc');
  });

  it('[SDK11] documents and users are apart', async () => {
    const { store } = await open();
    for (const update of type('x')) await store.append(update, true);
    expect((await open('other')).stored.updates).toEqual([]);
    expect((await open('notes', { ...owner, user: 'lin' })).stored.updates).toEqual([]);
    expect(await countKeptChanges(owner)).toEqual(new Map([['notes', 1]]));
  });

  it('[SDK12] an update counts as kept only once its transaction is complete, and strictly so', async () => {
    const { store } = await open();
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    let kept = false;
    const done = store.append(type('x')[0] ?? new Uint8Array(), true).then(() => {
      kept = true;
    });
    const transaction = begin.mock.results[0]?.value as IDBTransaction | undefined;
    expect(begin.mock.calls[0]?.[2]).toEqual({ durability: 'strict' });
    let complete = false;
    transaction?.addEventListener('complete', () => {
      expect(kept).toBe(false);
      complete = true;
    });
    await done;
    expect(complete).toBe(true);
  });

  it('[SDK12] a failed write is no promise and is tried again, in order', async () => {
    const { store } = await open();
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    begin.mockImplementationOnce(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    let kept = 0;
    const appended = type('abc').map((update) => store.append(update, true).then(() => void (kept += 1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(kept).toBe(0);
    await Promise.all(appended);
    expect(kept).toBe(3);
    const { stored } = await open();
    expect(read(stored)).toBe('abc');
    expect(stored.changes).toBe(3);
  });

  it('[SDK13] acknowledged changes are confirmed in order, those of an earlier visit first', async () => {
    const first = await open();
    const updates = type('abcdef');
    for (const update of updates.slice(0, 3)) await first.store.append(update, true);
    await first.store.acknowledge(1);
    const second = await open();
    expect(second.stored.changes).toBe(2);
    // Not awaited: an answer of the server may be faster than the disk.
    void second.store.append(updates[3] ?? new Uint8Array(), true);
    await second.store.acknowledge(3);
    expect((await open()).stored.changes).toBe(0);
    await second.store.append(updates[4] ?? new Uint8Array(), true);
    await second.store.acknowledge(3);
    expect((await open()).stored.changes).toBe(1);
  });

  it('[SDK14] many small rows become one, and nothing is lost with them', async () => {
    const { store } = await open();
    const text = 'x'.repeat(700);
    await Promise.all(type(text).map((update) => store.append(update, true)));
    await store.acknowledge(650);
    const { stored } = await open();
    expect(stored.updates.length).toBeLessThan(300);
    expect(stored.changes).toBe(50);
    expect(read(stored)).toBe(text);
  });

  it('[SDK15] another state takes the place of the copy in one step', async () => {
    const { store } = await open();
    for (const update of type('old')) await store.append(update, true);
    const state = new Doc();
    state.getText('t').insert(0, 'new');
    await store.replace(encodeStateAsUpdate(state), 2, 1);
    const { stored } = await open();
    expect(read(stored)).toBe('new');
    expect(stored).toMatchObject({ changes: 1, epoch: 2 });
    await store.acknowledge(1);
    expect((await open()).stored.changes).toBe(0);
  });

  it('[SDK15] a discarded copy leaves nothing', async () => {
    const { store } = await open();
    for (const update of type('gone')) await store.append(update, true);
    await store.discard();
    expect((await open()).stored).toEqual({ updates: [], changes: 0, epoch: null });
    expect((await countKeptChanges(owner)).size).toBe(0);
  });
});
