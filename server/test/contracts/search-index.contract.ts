import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tenant } from '@scriptorium/shared/document-name';
import type { SearchIndex, SearchRequest } from '../../src/ports/search-index.ts';
import { searchEntry, searchRequest } from './search-index-fixtures.ts';
import { AT, name, newTenant } from './store-under-test.ts';

type OpenIndex = () => Promise<{ readonly index: SearchIndex; readonly close: () => Promise<void> }>;

/** What every search index must do. */
export function describeSearchIndex(adapter: string, open: OpenIndex): void {
  describeWith(adapter, open, [describeMatching, describeKeeping, describePages]);
}

/** The part of it that does not depend on how words are matched. */
export function describeSearchKeeping(adapter: string, open: OpenIndex): void {
  describeWith(adapter, open, [describeKeeping, describePages]);
}

function describeWith(adapter: string, open: OpenIndex, parts: readonly ((subject: Subject) => void)[]): void {
  describe(`search index: ${adapter}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let tenant: Tenant;
    const index = (): SearchIndex => opened.index;
    beforeAll(async () => void (opened = await open()));
    afterAll(() => opened.close());
    beforeEach(() => void (tenant = newTenant()));
    const titles = async (text: string, more: Partial<SearchRequest> = {}): Promise<readonly string[]> =>
      (await index().search(searchRequest(tenant, text, more))).hits.map((hit) => hit.title);

    for (const describePart of parts) describePart({ index, tenant: () => tenant, titles });
  });
}

interface Subject {
  readonly index: () => SearchIndex;
  readonly tenant: () => Tenant;
  readonly titles: (text: string, more?: Partial<SearchRequest>) => Promise<readonly string[]>;
}

function describeMatching(subject: Subject): void {
  const { index, tenant, titles } = subject;
  it('[FIND1] case and diacritics make no difference, and scripts without spaces are found inside', async () => {
    await index().write([
      searchEntry(tenant(), ['One', 'Crème brûlée']),
      searchEntry(tenant(), ['Two', '私は東京にいる']),
    ]);
    expect(await titles('CREME brulee')).toEqual(['One']);
    expect(await titles('東京')).toEqual(['Two']);
    expect(await titles('京東')).toEqual([]);
  });

  it('[FIND2] beginnings, phrases and exclusions', async () => {
    await index().write([
      searchEntry(tenant(), ['Sky', 'the blue sky above']),
      searchEntry(tenant(), ['Sea', 'blue as the sky is the sea']),
    ]);
    expect((await titles('blu')).toSorted()).toEqual(['Sea', 'Sky']);
    expect(await titles('blu ')).toEqual([]);
    expect(await titles('"blue sky"')).toEqual(['Sky']);
    expect(await titles('blue -sea')).toEqual(['Sky']);
    expect(await titles('" OR title:( NEAR')).toEqual([]);
  });

  it('[FIND3] mistyped words find what was meant', async () => {
    await index().write([searchEntry(tenant(), ['Plan', 'collaboration with everybody'])]);
    expect(await titles('colaboratoin ')).toEqual(['Plan']);
    expect(await titles('evrybody ')).toEqual(['Plan']);
    expect(await titles('wiht ')).toEqual(['Plan']);
    expect(await titles('xollaboratiox ')).toEqual(['Plan']);
    expect(await titles('elaborate ')).toEqual([]);
  });

  it('[FIND4] a hit tells its best blocks, their headings, and ranges of what was found', async () => {
    await index().write([
      searchEntry(tenant(), ['Menu', '# Desserts', 'Our crème is fine; crème again.', 'No sweets here.', 'One creme.']),
    ]);
    const [hit] = (await index().search(searchRequest(tenant(), 'creme '))).hits;
    expect(hit?.blocks.map((block) => [block.id, block.headings])).toEqual([
      ['b1', ['Desserts']],
      ['b3', ['Desserts']],
    ]);
    const found = hit?.blocks.map(({ snippet }) =>
      snippet.ranges.map(({ start, end }) => snippet.text.slice(start, end)),
    );
    expect(found).toEqual([['crème', 'crème'], ['creme']]);
  });

  it('[FIND7] the words of a name count like those of a title', async () => {
    await index().write([
      searchEntry(tenant(), ['Text', 'roadmap']),
      searchEntry(tenant(), ['Named', 'nothing'], { name: name('plans/roadmap-2027') }),
    ]);
    expect(await titles('roadmap')).toEqual(['Named', 'Text']);
    expect(await titles('2027 plans ')).toEqual(['Named']);
  });

  it('[FIND7] words may stand in different blocks; titles count most, then headings', async () => {
    const filler = 'nothing to see in this long paragraph that only makes the document longer than the others';
    await index().write([
      searchEntry(tenant(), ['Text', 'zebra once', filler, 'giraffe']),
      searchEntry(tenant(), ['Zebra', filler, 'giraffe']),
      searchEntry(tenant(), ['Heading', '# zebra', filler, 'giraffe']),
    ]);
    expect(await titles('zebra giraffe')).toEqual(['Zebra', 'Heading', 'Text']);
  });

  it('[FIND8] what is found as typed comes before what was only meant', async () => {
    await index().write([
      searchEntry(tenant(), ['Meant', 'house house house']),
      searchEntry(tenant(), ['Typed', 'one mouse']),
    ]);
    expect(await titles('mouse ')).toEqual(['Typed', 'Meant']);
  });

  it('[FIND10] pages go on from what was typed to what was meant', async () => {
    const entry = (at: number) => searchEntry(tenant(), [`T${at}`, at % 2 === 0 ? 'banana' : 'bananna']);
    await index().write(Array.from({ length: 23 }, (_, at) => entry(at)));
    const seen = await readPages(subject, 'banana ');
    expect(new Set(seen).size).toBe(23);
    expect(seen.slice(0, 12).every((title) => Number(title.slice(1)) % 2 === 0)).toBe(true);
  });
}

async function readPages({ index, tenant }: Subject, text: string): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let offset: number | null = 0; offset !== null;) {
    const page = await index().search(searchRequest(tenant(), text, { offset, limit: 5 }));
    seen.push(...page.hits.map((hit) => hit.title));
    offset = page.nextOffset;
  }
  return seen;
}

function describeKeeping({ index, tenant, titles }: Subject): void {
  it('[FIND5] a write replaces all of a document, and an earlier state that comes late changes nothing', async () => {
    const entry = searchEntry(tenant(), ['Old', 'apple'], { seq: 5 });
    await index().write([entry]);
    const blocks = [{ id: 'b0', headings: [], text: 'banana' }];
    await index().write([{ ...entry, title: 'New', seq: 6, blocks }]);
    await index().write([{ ...entry, title: 'Late', seq: 4 }]);
    expect(await titles('banana')).toEqual(['New']);
    expect(await titles('apple')).toEqual([]);
    await index().write([{ ...entry, title: 'Again', epoch: 2, seq: 1 }]);
    expect(await titles('apple')).toEqual(['Again']);
    const indexed = await index().readIndexed([entry.documentId, 999_999_999]);
    expect([...indexed]).toEqual([[entry.documentId, { epoch: 2, seq: 1, name: entry.name }]]);
  });

  it('[FIND6] a tenant finds its own only, and only within the names that are asked for', async () => {
    const [own, other] = [tenant(), newTenant()];
    await index().write([
      searchEntry(own, ['Own', 'secret'], { name: name('team/a') }),
      searchEntry(own, ['Private', 'secret'], { name: name('private/a') }),
      searchEntry(other, ['Foreign', 'secret']),
    ]);
    expect((await titles('secret')).toSorted()).toEqual(['Own', 'Private']);
    expect(await titles('secret', { names: ['team/*'] })).toEqual(['Own']);
    expect(await titles('secret', { names: ['private/a', 'private/ab'] })).toEqual(['Private']);
    expect(await titles('secret', { names: [] })).toEqual([]);
    expect(await titles('secret', { exceptNames: ['team/*'] })).toEqual(['Private']);
    expect(await titles('secret', { names: ['team/*', 'private/*'], exceptNames: ['private/a'] })).toEqual(['Own']);
    // A mistyped word is not corrected to one that only others have.
    await index().write([searchEntry(other, ['Foreign', 'xylophone'])]);
    expect(await titles('xylophon ')).toEqual([]);
  });

  it('[FIND11] a removed document is not found, nor what only it held', async () => {
    const entry = searchEntry(tenant(), ['Gone', 'quixotic']);
    await index().write([entry, searchEntry(tenant(), ['Stays', 'plain'])]);
    await index().remove([entry.documentId]);
    expect(await titles('quixotic')).toEqual([]);
    expect(await titles('quixotik ')).toEqual([]);
    expect(await titles('plain')).toEqual(['Stays']);
    expect((await index().readIndexed([entry.documentId])).size).toBe(0);
  });

  it('[FIND12] a rebuild is searched only once it is finished, and one that is given up leaves nothing', async () => {
    const entry = searchEntry(tenant(), ['Before', 'alpha']);
    await index().write([entry]);
    const given = await index().beginRebuild();
    await given.write([searchEntry(tenant(), ['Given up', 'alpha'])]);
    await given.abandon();
    expect(await titles('alpha')).toEqual(['Before']);
    const rebuild = await index().beginRebuild();
    await rebuild.write([{ ...entry, title: 'After', seq: 2 }]);
    expect(await titles('alpha')).toEqual(['Before']);
    await rebuild.finish();
    expect(await titles('alpha')).toEqual(['After']);
    await index().write([{ ...entry, title: 'Later', seq: 3 }]);
    expect(await titles('alpha')).toEqual(['Later']);
  });
}

function describePages(subject: Subject): void {
  const { index, tenant, titles } = subject;
  it('[FIND9] filters and orders apply, with or without words', async () => {
    await index().write([
      searchEntry(tenant(), ['B', 'word'], { authors: ['bob'], tags: ['x', 'y'], updatedAt: AT + 2 }),
      searchEntry(tenant(), ['A', 'word word'], { tags: ['x'], updatedAt: AT + 1 }),
      searchEntry(tenant(), ['C', 'word'], { updatedAt: AT + 3 }),
    ]);
    const none = { authors: [], tags: [], updatedFrom: null, updatedBefore: null };
    expect(await titles('word', { sort: 'updated' })).toEqual(['C', 'B', 'A']);
    expect(await titles('', { sort: 'updated' })).toEqual(['C', 'B', 'A']);
    expect(await titles('word', { filter: { ...none, authors: ['bob', 'eve'] } })).toEqual(['B']);
    expect(await titles('', { filter: { ...none, tags: ['x', 'y'] } })).toEqual(['B']);
    expect(await titles('word', { filter: { ...none, updatedFrom: AT + 1, updatedBefore: AT + 2 } })).toEqual(['A']);
    const names = (await index().search(searchRequest(tenant(), 'word', { sort: 'name' }))).hits.map((hit) => hit.name);
    expect(names).toEqual(names.toSorted());
  });

  it('[FIND10] pages follow each other without gaps and repeats', async () => {
    const entries = Array.from({ length: 23 }, (_, at) => searchEntry(tenant(), [`T${at}`, 'banana']));
    await index().write(entries);
    const seen = await readPages(subject, 'banana ');
    expect(seen).toHaveLength(23);
    expect(new Set(seen).size).toBe(23);
  });
}
