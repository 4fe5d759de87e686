import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentVersion } from '../../src/ports/document-versions.ts';
import { AT, BY, newDocumentWithRows, removeNow, UNKNOWN_DOCUMENT } from './store-under-test.ts';
import type { OpenVersionedStore, VersionedStore } from './versioned-store.ts';

/** What every store of versions must do. */
export function describeDocumentVersions(adapter: string, open: OpenVersionedStore): void {
  describe(`document versions: ${adapter}`, () => {
    let store: VersionedStore;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeNaming(() => store);
    describeAutomatic(() => store);
  });
}

const named = (seq: number, label: string) => ({ id: randomUUID(), seq, label });

function describeNaming(current: () => VersionedStore): void {
  it('[VERS10] a version is read as it was made, can be renamed and removed, and belongs to one document', async () => {
    const { versions, ...store } = current();
    const [{ id }, other] = [await newDocumentWithRows(current(), 3), await newDocumentWithRows(current(), 3)];
    const first = named(2, 'first');
    const made = await versions.add(id, first, BY);
    expect(made).toEqual({ ...first, kind: 'named', at: AT, author: 'grace' });
    expect(await versions.add(id, { ...first, label: 'again' }, BY)).toEqual(made);
    const key = first.id;
    expect(await versions.read(id, key)).toEqual(made);
    expect(await versions.relabel(id, key, { label: 'draft', act: BY })).toEqual({ ...made, label: 'draft' });
    for (const [document, version] of [
      [other.id, key],
      [id, randomUUID()],
    ] as const) {
      expect(await versions.read(document, version)).toBeNull();
      expect(await versions.relabel(document, version, { label: 'x', act: BY })).toBeNull();
      expect(await versions.remove(document, version, BY)).toBe(false);
    }
    expect(await versions.remove(id, key, BY)).toBe(true);
    expect(await versions.read(id, key)).toBeNull();
    expect(await store.log.readRows(id, 0, 9)).toHaveLength(3);
  });

  it('[VERS10] none is made of a row that is not there, nor of a deleted document', async () => {
    const { versions } = current();
    const { id, tenant, name } = await newDocumentWithRows(current(), 2);
    expect(await versions.add(id, named(3, 'x'), BY)).toBeNull();
    expect(await versions.add(UNKNOWN_DOCUMENT, named(0, 'x'), BY)).toBeNull();
    expect(await versions.add(id, named(0, 'empty'), BY)).not.toBeNull();
    await removeNow(current(), { tenant, name });
    expect(await versions.add(id, named(1, 'x'), BY)).toBeNull();
    while (!(await current().upkeep.purge(id, { limit: 10, at: AT }))) continue;
    expect((await versions.list(id, { cursor: null, limit: 9 })).versions).toEqual([]);
  });

  it('[VERS11] the list goes by row, the newest first, in pages that miss and double nothing', async () => {
    const { versions } = current();
    const { id } = await newDocumentWithRows(current(), 9);
    for (const seq of [3, 1, 9, 3, 7, 7, 7]) await versions.add(id, named(seq, `row ${seq}`), BY);
    await versions.addAutomatic(id, { seq: 5, at: AT, follows: 3 });
    const seen: DocumentVersion[] = [];
    for (let cursor: string | null = null, page = 0; page === 0 || cursor !== null; page += 1) {
      const { versions: some, nextCursor } = await versions.list(id, { cursor, limit: 3 });
      seen.push(...some);
      cursor = nextCursor;
    }
    expect(seen.map(({ seq }) => seq)).toEqual([9, 7, 7, 7, 5, 3, 3, 1]);
    expect(new Set(seen.map((it) => it.id)).size).toBe(8);
    const { versions: automatic } = await versions.list(id, { cursor: null, limit: 9, kind: 'automatic' });
    expect(automatic).toMatchObject([{ seq: 5, label: null, author: null }]);
    await expect(versions.list(id, { cursor: 'nonsense', limit: 3 })).rejects.toMatchObject({ code: 'bad-request' });
  });
}

function describeAutomatic(current: () => VersionedStore): void {
  it('[VERS12] of several that make a version by themselves behind the same one exactly one does', async () => {
    const { versions } = current();
    const { id } = await newDocumentWithRows(current(), 6);
    const attempts = [4, 4, 5, 6].map((seq) => versions.addAutomatic(id, { seq, at: AT, follows: 0 }));
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
    expect(await versions.addAutomatic(id, { seq: 6, at: AT, follows: 4 })).toBe(true);
    expect(await versions.addAutomatic(id, { seq: 7, at: AT, follows: 6 })).toBe(false);
    const [first] = (await versions.list(id, { cursor: null, limit: 1 })).versions;
    expect(first).toMatchObject({ seq: 6, kind: 'automatic' });
    expect(await versions.relabel(id, first?.id ?? '', { label: 'kept', act: BY })).toMatchObject({
      kind: 'named',
      label: 'kept',
    });
  });
}
