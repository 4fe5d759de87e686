import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { eventually, rareWord, startSearchedNode, type SearchedNode } from './searched-node.ts';

let directory: TemporaryDirectory;
let node: SearchedNode;
beforeEach(async () => {
  directory = createTemporaryDirectory('searched');
  node = await startSearchedNode(directory.path);
});
afterEach(async () => {
  await node.stop();
  directory.remove();
});

const namesOf = (page: Awaited<ReturnType<SearchedNode['search']>>) => page.hits.map(({ name }) => name);
const findNames = async (q: string): Promise<readonly string[]> => namesOf(await node.search(q));

describe('a node that is searched', () => {
  it('[FIND50] finds what was just written, with its block and what was found in it', async () => {
    const word = rareWord();
    const writer = await node.openWriter('notes/one');
    await writer.addParagraph('something before');
    await writer.addParagraph(`here is ${word} at last`);
    const { hits } = await eventually(
      () => node.search(word),
      (page) => page.hits.length > 0,
    );
    const [hit] = hits;
    expect(hit?.name).toBe('notes/one');
    const [block] = hit?.blocks ?? [];
    const { text, ranges } = block?.snippet ?? { text: '', ranges: [] };
    expect(ranges.map(({ start, end }) => text.slice(start, end))).toEqual([word]);
    expect(block?.id).toMatch(new RegExp(`^${writer.document.clientID}:\\d+$`));
    await writer.clear();
    await eventually(
      () => findNames(word),
      (names) => names.length === 0,
    );
    writer.close();
  });

  it('[FIND51] a new name counts at once, and what was deleted is gone at once', async () => {
    const word = rareWord();
    const writer = await node.openWriter('old');
    await writer.addParagraph(word);
    await eventually(
      () => findNames(word),
      (names) => names.length > 0,
    );
    writer.close();
    await node.call({}, '/documents/old', { method: 'PATCH', body: JSON.stringify({ name: 'new' }) });
    expect(await findNames(word)).toEqual(['new']);
    const page = await eventually(
      () => node.search('new'),
      ({ hits }) => hits.length > 0,
    );
    expect(page.hits[0]?.title.text).toBe('new');
    await node.call({}, '/documents/new', { method: 'DELETE' });
    expect(await findNames(word)).toEqual([]);
  });

  it('[FIND52] what was not in the index when the node went away is found after its next start', async () => {
    const word = rareWord();
    const writer = await node.openWriter('late');
    await writer.addParagraph(word);
    writer.close();
    await node.stop({ atOnce: true });
    node = await startSearchedNode(directory.path);
    await eventually(
      () => findNames(word),
      (names) => names.length > 0,
    );
  });

  it('[FIND53] the index can be rebuilt while documents are written, by whom may manage it', async () => {
    const words = Array.from({ length: 20 }, rareWord);
    const writers = await Promise.all(words.map((_, at) => node.openWriter(`many/${at}`)));
    await Promise.all(writers.map((writer, at) => writer.addParagraph(words[at] ?? '')));
    expect((await node.call({}, '/search/rebuild', { method: 'POST' })).status).toBe(403);
    const begun = await node.call({ role: 'admin' }, '/search/rebuild', { method: 'POST' });
    expect([begun.status, await begun.json()]).toMatchObject([202, { state: 'running' }]);
    const later = rareWord();
    await writers[0]?.addParagraph(later);
    await eventually(
      async () => (await (await node.call({ role: 'admin' }, '/search/rebuild')).json()) as { state: string },
      ({ state }) => state === 'finished',
    );
    for (const word of [...words, later]) {
      await eventually(
        () => findNames(word),
        (names) => names.length === 1,
      );
    }
    for (const writer of writers) writer.close();
  });

  it('[FIND54] search that is switched off is not there, and keeps nothing', async () => {
    await node.stop();
    node = await startSearchedNode(directory.path, { SEARCH_ENABLED: 'false' });
    expect((await node.call({}, '/search?q=x')).status).toBe(404);
  });
});
