import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AT,
  BY,
  type FollowedStore,
  name,
  newDocument,
  newDocumentWithRows,
  removeNow,
  UNKNOWN_DOCUMENT,
} from './store-under-test.ts';

/** What a store must do for those who follow all documents: the directory, leases, letters and cursors. */
export function describeSearchFollowers(adapter: string, open: () => Promise<FollowedStore>): void {
  describe(`followers of documents: ${adapter}`, () => {
    let store: FollowedStore;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeDirectory(() => store);
    describeLeases(() => store);
    describeLetters(() => store);
  });
}

function describeDirectory(current: () => FollowedStore): void {
  it('[FIND22] live documents are told as they are now, and deleted ones as gone', async () => {
    const { catalog, directory } = current();
    const [kept, renamed, deleted] = [
      await newDocumentWithRows(current(), 3),
      await newDocument(current()),
      await newDocument(current()),
    ];
    await catalog.rename(renamed.tenant, renamed.name, name('notes/two'), BY);
    await removeNow(current(), deleted);
    const ids = [kept.id, renamed.id, deleted.id, UNKNOWN_DOCUMENT];
    const live = new Map((await directory.readLive(ids)).map((record) => [record.id, record]));
    expect([...live.keys()].toSorted((one, other) => one - other)).toEqual([kept.id, renamed.id]);
    expect(live.get(kept.id)).toMatchObject({ tenant: kept.tenant, head: 3, updatedAt: AT + 2 });
    expect(live.get(renamed.id)?.name).toBe('notes/two');
    expect(await directory.readLive([])).toEqual([]);
  });

  it('[FIND22] pages go over all documents once, deleted ones too until they are purged', async () => {
    const { directory, upkeep } = current();
    const made = [await newDocument(current()), await newDocument(current()), await newDocument(current())];
    const [, deleted, purged] = made;
    for (const document of [deleted, purged]) {
      if (document !== undefined) await removeNow(current(), document);
    }
    if (purged !== undefined) await upkeep.purge(purged.id, { limit: 10, at: AT });
    const seen = new Map<number, boolean>();
    for (let after: number | null = 0; after !== null;) {
      const page: Awaited<ReturnType<typeof directory.readPage>> = await directory.readPage(after, 2);
      for (const { documentId, record } of page.entries) {
        expect(seen.has(documentId)).toBe(false);
        seen.set(documentId, record !== null);
      }
      after = page.next;
    }
    expect(made.map(({ id }) => seen.get(id))).toEqual([true, false, undefined]);
  });

  it('[FIND22] what changed since a time is told with its head', async () => {
    const { directory } = current();
    const document = await newDocumentWithRows(current(), 2, AT + 1_000_000);
    const heads = await directory.readChangedSince(AT + 1_000_001);
    expect(heads.find(({ documentId }) => documentId === document.id)).toEqual({
      documentId: document.id,
      epoch: 1,
      head: 2,
    });
    expect(await directory.readChangedSince(AT + 1_000_002)).toEqual([]);
  });
}

function describeLeases(current: () => FollowedStore): void {
  it("[FIND23] a document is one holder's until the lease ends, and may be kept shorter or longer", async () => {
    const { searchLeases: leases } = current();
    const base = UNKNOWN_DOCUMENT;
    const claim = (holder: string, now: number, until: number) =>
      leases.claim([base, base + 1], { holder, now, until });
    expect(await claim('a', 0, 100)).toHaveLength(2);
    expect(await claim('b', 99, 200)).toEqual([]);
    expect(await claim('a', 50, 150)).toHaveLength(2);
    await leases.keep([base], { holder: 'a', until: 120 });
    await leases.keep([base + 1], { holder: 'b', until: 0 });
    expect(await claim('b', 120, 300)).toEqual([base]);
    expect(await claim('b', 150, 300)).toHaveLength(2);
    expect(await leases.claim([], { holder: 'a', now: 0, until: 1 })).toEqual([]);
  });

  it('[FIND23] of several that ask at once one gets each document', async () => {
    const { searchLeases: leases } = current();
    const ids = Array.from({ length: 30 }, (_, at) => UNKNOWN_DOCUMENT + 100 + at);
    const taken = await Promise.all(
      ['a', 'b', 'c', 'd'].map((holder, turn) =>
        leases.claim(turn % 2 === 0 ? ids : ids.toReversed(), { holder, now: 0, until: 100 }),
      ),
    );
    expect(taken.flat().toSorted((one, other) => one - other)).toEqual(ids);
  });

  it('[FIND23] many cursors move in one go, none backwards, and a document that is gone gets none', async () => {
    const store = current();
    const [one, other, deleted] = [await newDocument(store), await newDocument(store), await newDocument(store)];
    await store.cursors.advance('search', one.id, 7);
    await removeNow(store, deleted);
    await store.cursors.advanceAll(
      'search',
      new Map([
        [one.id, 5],
        [other.id, 3],
        [deleted.id, 9],
        [UNKNOWN_DOCUMENT, 1],
      ]),
    );
    const read = (id: number) => store.cursors.read('search', id);
    expect([await read(one.id), await read(other.id), await read(deleted.id), await read(UNKNOWN_DOCUMENT)]).toEqual([
      7, 3, 0, 0,
    ]);
    await store.cursors.advanceAll('search', new Map([[one.id, 8]]));
    expect(await read(one.id)).toBe(8);
  });
}

function describeLetters(current: () => FollowedStore): void {
  it('[FIND24] of a document there is one letter, the last, until it is taken away', async () => {
    const { searchDeadLetters: letters } = current();
    const letter = { documentId: UNKNOWN_DOCUMENT, epoch: 1, seq: 4, reason: 'damaged', at: AT };
    await letters.put(letter);
    await letters.put({ ...letter, seq: 5, at: AT + 1 });
    await letters.put({ ...letter, documentId: UNKNOWN_DOCUMENT + 1 });
    expect(await letters.read([UNKNOWN_DOCUMENT])).toEqual([{ ...letter, seq: 5, at: AT + 1 }]);
    expect(await letters.read([])).toEqual([]);
    await letters.remove([UNKNOWN_DOCUMENT]);
    expect((await letters.read([UNKNOWN_DOCUMENT, UNKNOWN_DOCUMENT + 1])).map((it) => it.documentId)).toEqual([
      UNKNOWN_DOCUMENT + 1,
    ]);
  });
}
