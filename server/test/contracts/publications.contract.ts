import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { AT, BY, bytes, name, newDocument, newDocumentWithRows, newTenant, removeNow } from './store-under-test.ts';
import type { OpenVersionedStore, VersionedStore } from './versioned-store.ts';

const KEEP = 3;

/** What every store of publications must do. */
export function describePublications(adapter: string, open: OpenVersionedStore): void {
  describe(`publications: ${adapter}`, () => {
    let store: VersionedStore;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describePages(() => store);
    describeEnds(() => store);
  });
}

function edition({ id }: DocumentRecord, seq: number, text: string) {
  const content = bytes(text);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { documentId: id, seq, act: { user: 'ada', at: AT + seq }, content, sha256 };
}

const textOf = (page: object): string =>
  'content' in page ? new TextDecoder().decode(page.content as Uint8Array) : 'none';

function describePages(current: () => VersionedStore): void {
  it('[VERS30] an edition stays as it was published, and the address of the newest one stays the same', async () => {
    const { publications } = current();
    const document = await newDocumentWithRows(current(), 5);
    const first = await publications.publish(edition(document, 2, 'two'), KEEP);
    expect(first).toMatchObject({ edition: 1, seq: 2, name: document.name, documentId: document.id, at: AT + 2 });
    const id = first?.id ?? '';
    expect(id).toMatch(/^[\w-]{22}$/);
    const second = await publications.publish(edition(document, 5, 'five'), KEEP);
    expect(second).toMatchObject({ id, edition: 2, seq: 5 });
    expect(await publications.read(document.id)).toEqual(second);
    expect(textOf(await publications.readPage(id, 1))).toBe('two');
    expect(textOf(await publications.readPage(id, 2))).toBe('five');
    expect(await publications.readPage(id, null)).toMatchObject({ kind: 'found', edition: 2, at: AT + 5 });
    expect(await publications.readPage(id, 3)).toEqual({ kind: 'absent' });
    expect(await publications.readPage('another', null)).toEqual({ kind: 'absent' });
  });

  it('[VERS31] the pages of old editions are given up, and what is not there is not published', async () => {
    const { publications } = current();
    const document = await newDocumentWithRows(current(), 5);
    const published = [];
    for (let seq = 1; seq <= 5; seq += 1)
      published.push(await publications.publish(edition(document, seq, String(seq)), KEEP));
    const id = published[0]?.id ?? '';
    expect(await publications.readPage(id, 2)).toEqual({ kind: 'ended' });
    expect(textOf(await publications.readPage(id, 3))).toBe('3');
    expect(await publications.publish(edition(document, 6, 'six'), KEEP)).toBeNull();
    const lying = { ...edition(document, 5, 'five'), sha256: 'ab'.repeat(32) };
    await expect(publications.publish(lying, KEEP)).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(await publications.read(document.id)).toMatchObject({ edition: 5 });
  });
}

function describeEnds(current: () => VersionedStore): void {
  it('[VERS32] a withdrawn publication is gone with all its pages; published again it has its address', async () => {
    const { publications } = current();
    const document = await newDocumentWithRows(current(), 2);
    expect(await publications.withdraw(document.id, BY)).toBe(false);
    const { id } = (await publications.publish(edition(document, 1, 'one'), KEEP)) ?? { id: '' };
    expect(await publications.withdraw(document.id, BY)).toBe(true);
    expect(await publications.withdraw(document.id, BY)).toBe(false);
    expect(await publications.read(document.id)).toBeNull();
    for (const number of [1, null]) expect(await publications.readPage(id, number)).toEqual({ kind: 'ended' });
    expect(await publications.publish(edition(document, 2, 'two'), KEEP)).toMatchObject({ id, edition: 2 });
    expect(await publications.readPage(id, 1)).toEqual({ kind: 'ended' });
    expect(textOf(await publications.readPage(id, null))).toBe('two');
  });

  it('[VERS32] a publication goes along with a renamed document and ends with a deleted one', async () => {
    const { publications, catalog, upkeep } = current();
    const document = await newDocumentWithRows(current(), 1);
    const { id } = (await publications.publish(edition(document, 1, 'one'), KEEP)) ?? { id: '' };
    await catalog.rename(document.tenant, document.name, name('other'), BY);
    expect(await publications.read(document.id)).toMatchObject({ name: 'other' });
    await removeNow(current(), { tenant: document.tenant, name: name('other') });
    expect(await publications.readPage(id, null)).toEqual({ kind: 'ended' });
    expect(await publications.read(document.id)).toBeNull();
    expect((await publications.list(document.tenant, { cursor: null, limit: 9 })).publications).toEqual([]);
    while (!(await upkeep.purge(document.id, { limit: 10, at: AT }))) continue;
    expect(await publications.readPage(id, null)).toEqual({ kind: 'ended' });
  });

  it('[VERS33] what is published of one tenant is listed by name, in pages', async () => {
    const { publications, catalog } = current();
    const tenant = newTenant();
    for (const text of ['c', 'a', 'd', 'b', 'not']) {
      const { record } = await catalog.create(tenant, name(text), 'ada', AT);
      if (text !== 'not') await publications.publish(edition(record, 0, text), KEEP);
    }
    const other = await newDocument(current());
    await publications.publish(edition(other, 0, 'other'), KEEP);
    const first = await publications.list(tenant, { cursor: null, limit: 3 });
    expect(first.publications.map((it) => it.name)).toEqual(['a', 'b', 'c']);
    const second = await publications.list(tenant, { cursor: first.nextCursor, limit: 3 });
    expect(second).toMatchObject({ publications: [{ name: 'd' }], nextCursor: null });
  });
}
