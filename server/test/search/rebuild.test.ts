import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInProcessLeases } from '../../src/adapters/in-process/document-leases.ts';
import { openSqliteSearchIndex } from '../../src/adapters/sqlite/search/open-search-index.ts';
import { runConversion } from '../../src/content/conversion.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import { rebuildIndex, type RebuildDeps } from '../../src/workers/search/rebuild-index.ts';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { searchRequest } from '../contracts/search-index-fixtures.ts';
import { type DocumentNode, openDocumentNode } from '../documents/document-node.ts';
import { readMetric } from '../node/test-node.ts';
import { seedDocuments } from '../support/seeded-documents.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { eventually, rareWord, startSearchedNode } from './searched-node.ts';

/** The long run, over ten thousand documents, is `FULL=1`. */
const DOCUMENTS = process.env['FULL'] === '1' ? 10_000 : 300;
const WRITERS = 10;

let directory: TemporaryDirectory;
beforeEach(() => void (directory = createTemporaryDirectory('rebuild')));
afterEach(() => {
  directory.remove();
});

function sampleOf<T>(all: readonly T[]): readonly T[] {
  return process.env['FULL'] === '1' ? all : all.filter((_, at) => at % Math.ceil(all.length / 50) === 0);
}

async function seed(count: number) {
  const store = await openEmbeddedStore(directory.path);
  const seeded = await seedDocuments(store, { tenant: DEFAULT_TENANT, count, blocks: 10, wordsPerBlock: 33 });
  await store.close();
  return seeded;
}

describe('a rebuild under edits', () => {
  it(`[FIND60] of ${DOCUMENTS} documents ends complete and without a gap`, { timeout: 600_000 }, async () => {
    const seeded = await seed(DOCUMENTS);
    const node = await startSearchedNode(directory.path, { LIMIT_UPDATES_PER_SECOND: '10000' });
    const begun = performance.now();
    await eventually(
      () => readMetric(node, 'search_documents_indexed_total'),
      (count) => count >= DOCUMENTS,
      300_000,
    );
    const filled = performance.now() - begun;
    const writers = await Promise.all(Array.from({ length: WRITERS }, (_, at) => node.openWriter(`live/${at}`)));
    const words: string[] = [];
    let done = false;
    const writing = Promise.all(
      writers.map(async (writer) => {
        while (!done) {
          const word = rareWord();
          await writer.addParagraph(word);
          words.push(word);
          await new Promise((resolve) => {
            setTimeout(resolve, 50);
          });
        }
      }),
    );
    let searches = 0;
    const searching = (async () => {
      // Neither while the fresh index is filled nor when it takes its place is anything missing for a moment.
      while (!done) {
        const { word, record } = seeded[searches % seeded.length] ?? { word: '', record: { name: '' } };
        expect((await node.search(`${word} `)).hits.map(({ name }) => name)).toContain(record.name);
        searches += 1;
      }
    })();
    const admin = { role: 'admin' };
    const asked = performance.now();
    await node.call(admin, '/search/rebuild', { method: 'POST' });
    const ended = await eventually(
      async () => (await (await node.call(admin, '/search/rebuild')).json()) as { state: string; documents?: number },
      ({ state }) => state !== 'running',
      300_000,
    );
    const rebuilt = performance.now() - asked;
    done = true;
    await Promise.all([writing, searching]);
    expect(searches).toBeGreaterThan(0);
    expect(ended).toMatchObject({ state: 'finished' });
    expect(ended.documents).toBeGreaterThanOrEqual(DOCUMENTS);
    // Under FULL each is asked for; else a share, which is as telling and does not take minutes on a busy machine.
    for (const { word, record } of sampleOf(seeded)) {
      const page = await node.search(`${word} `);
      expect(page.hits.map(({ name }) => name)).toContain(record.name);
    }
    for (const word of sampleOf(words))
      await eventually(
        () => node.search(`${word} `),
        ({ hits }) => hits.length === 1,
      );
    process.stdout.write(
      `${DOCUMENTS} documents: filled in ${(filled / 1_000).toFixed(1)} s, rebuilt in ${(rebuilt / 1_000).toFixed(1)} s, ${words.length} edits and ${searches} searches meanwhile\n`,
    );
    for (const writer of writers) writer.close();
    await node.stop();
  });
});

describe('a rebuild that does not end well', () => {
  let node: DocumentNode;
  let index: SearchIndex;
  let deps: RebuildDeps;
  beforeEach(async () => {
    await seed(5);
    const store = await openEmbeddedStore(directory.path);
    node = await openDocumentNode(directory.path, { openStore: () => Promise.resolve(store) });
    const { clock, telemetry, log, documents } = node;
    index = openSqliteSearchIndex({ directory: directory.path, clock, log: telemetry.log });
    deps = {
      index,
      directory: store.directory,
      deadLetters: store.searchDeadLetters,
      leases: createInProcessLeases(),
      conversions: { run: runConversion },
      catchUp: () => Promise.resolve(0),
      isStopped: () => false,
      node: 'here',
      clock,
      telemetry,
      log,
      documents,
    };
  });
  afterEach(async () => {
    await index.close();
    await node.close();
  });
  const count = async (): Promise<number> => (await index.search(searchRequest(DEFAULT_TENANT, ''))).hits.length;

  it('[FIND28] leaves the index in use as it was when it is interrupted', async () => {
    await rebuildIndex(deps, () => undefined);
    expect(await count()).toBe(5);
    await expect(rebuildIndex({ ...deps, isStopped: () => true }, () => undefined)).rejects.toMatchObject({
      code: 'shutting-down',
    });
    expect(await count()).toBe(5);
    expect((await rebuildIndex(deps, () => undefined)).filled).toBe(5);
  });

  it('[FIND28] is refused while another one is under way', async () => {
    const { leases, clock } = deps;
    await leases.claim([0], { holder: 'elsewhere', now: clock.now(), until: clock.now() + 60_000 });
    await expect(rebuildIndex(deps, () => undefined)).rejects.toMatchObject({ code: 'search-unavailable' });
    expect(await count()).toBe(0);
  });

  it('[FIND24] a document that cannot be read is left out, and the others are there', async () => {
    const [record] = await deps.directory.readLive([1]);
    const documents = {
      readParts: async (asked: NonNullable<typeof record>, mergedUpTo: number) => {
        const state = await node.documents.readParts(asked, mergedUpTo);
        return asked.id === record?.id ? { ...state, parts: [Uint8Array.of(1, 2, 3)] } : state;
      },
    };
    expect(await rebuildIndex({ ...deps, documents }, () => undefined)).toMatchObject({ filled: 4, leftOut: 1 });
    expect(await count()).toBe(4);
  });
});
