import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_KEY, type MeilisearchStandIn, startMeilisearchStandIn } from '../meilisearch/stand-in.ts';
import { isContractMissing } from '../meilisearch/openapi-contract.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { eventually, rareWord, startSearchedNode, type SearchedNode } from './searched-node.ts';

const DOCUMENTS = 60;
const byName = (one: string, other: string): number => (one < other ? -1 : 1);

describe.skipIf(isContractMissing())('Meilisearch is away and comes back', () => {
  let directory: TemporaryDirectory;
  let engine: MeilisearchStandIn;
  let node: SearchedNode;
  const variables = (more: Readonly<Record<string, string>> = {}) => ({
    MEILI_URL: engine.url,
    MEILI_API_KEY: API_KEY,
    ...more,
  });
  beforeEach(async () => {
    directory = createTemporaryDirectory('search-outage');
    engine = await startMeilisearchStandIn();
  });
  afterEach(async () => {
    await node.stop();
    await engine.stop();
    directory.remove();
  });
  const namesOf = async (q: string): Promise<readonly string[]> => (await node.search(q)).hits.map(({ name }) => name);

  it('[FIND55] editing goes on untouched, and nothing is missing within a minute of its return', async () => {
    engine.fail = 503;
    node = await startSearchedNode(directory.path, variables());
    const words = Array.from({ length: DOCUMENTS }, rareWord);
    const writers = await Promise.all(words.map((_, at) => node.openWriter(`docs/${at}`)));
    // Each of these waits for its acknowledgement.
    await Promise.all(writers.map((writer, at) => writer.addParagraph(words[at] ?? '')));
    await Promise.all(writers.map((writer) => writer.addParagraph('and more')));
    const away = await node.call({}, '/search?q=x');
    expect([away.status, away.headers.get('retry-after'), await away.json()]).toMatchObject([
      503,
      '1',
      { code: 'search-unavailable' },
    ]);
    engine.fail = 'hang';
    await node.call({}, '/documents/docs%2F0', { method: 'DELETE' });
    await node.call({}, '/documents/docs%2F1', { method: 'PATCH', body: JSON.stringify({ name: 'renamed' }) });
    engine.fail = null;
    // Counted against the catalog: every document that there is, and no other.
    const expected = ['renamed', ...words.slice(2).map((_, at) => `docs/${at + 2}`)].sort(byName);
    await eventually(
      async () => [...(await namesOf('').catch(() => []))].sort(byName),
      (names) => JSON.stringify(names) === JSON.stringify(expected),
      60_000,
    );
    for (const [at, word] of words.entries()) {
      if (at > 1) expect(await namesOf(word)).toEqual([`docs/${at}`]);
    }
    expect(await namesOf(words[0] ?? '')).toEqual([]);
    expect(engine.violations).toEqual([]);
    for (const writer of writers) writer.close();
  });

  it('[FIND56] an engine that has lost what it had gets all of it again', async () => {
    node = await startSearchedNode(directory.path, variables());
    const word = rareWord();
    const writer = await node.openWriter('kept');
    await writer.addParagraph(word);
    await eventually(
      () => namesOf(word),
      (names) => names.length > 0,
    );
    writer.close();
    await node.stop();
    await engine.stop();
    engine = await startMeilisearchStandIn();
    node = await startSearchedNode(directory.path, variables());
    await eventually(
      () => namesOf(word),
      (names) => names.length > 0,
    );
  });

  it('[FIND56] one that loses everything under a running node as well', async () => {
    node = await startSearchedNode(directory.path, variables());
    const [word, later] = [rareWord(), rareWord()];
    const writer = await node.openWriter('kept');
    await writer.addParagraph(word);
    await eventually(
      () => namesOf(word),
      (names) => names.length > 0,
    );
    writer.close();
    engine.lose();
    const other = await node.openWriter('other');
    await other.addParagraph(later);
    await eventually(
      async () => [await namesOf(word).catch(() => []), await namesOf(later).catch(() => [])],
      (names) => JSON.stringify(names) === '[["kept"],["other"]]',
      60_000,
    );
    other.close();
  });

  it("[FIND57] where it is asked for, the node's own index stands in", async () => {
    node = await startSearchedNode(directory.path, variables({ SEARCH_FALLBACK: 'true' }));
    const word = rareWord();
    const writer = await node.openWriter('both');
    await writer.addParagraph(word);
    await eventually(
      () => namesOf(word),
      (names) => names.length > 0,
    );
    engine.fail = 503;
    const later = rareWord();
    await writer.addParagraph(later);
    await eventually(
      () => namesOf(later),
      (names) => names.length > 0,
    );
    expect(await namesOf(word)).toEqual(['both']);
    writer.close();
  });

  it('[FIND58] a document that the engine can never take is set aside, and the others go in', async () => {
    node = await startSearchedNode(directory.path, variables());
    const [refused, taken] = [rareWord(), rareWord()];
    engine.refuse = refused;
    const writers = [await node.openWriter('refused'), await node.openWriter('taken')];
    await Promise.all([writers[0]?.addParagraph(refused), writers[1]?.addParagraph(taken)]);
    await eventually(
      () => namesOf(taken),
      (names) => names.length === 1,
    );
    expect(await namesOf(refused)).toEqual([]);
    // A later state is tried again.
    engine.refuse = null;
    await writers[0]?.addParagraph('another line');
    await eventually(
      () => namesOf(refused),
      (names) => names.length === 1,
    );
    for (const writer of writers) writer.close();
  });
});
