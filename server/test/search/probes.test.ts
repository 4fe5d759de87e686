import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { searchBodySchema, type SearchPageView } from '@scriptorium/shared/search-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteSearchIndex } from '../../src/adapters/sqlite/search/open-search-index.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type SearchDeps, searchDocuments } from '../../src/api/search/search-documents.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import type { Identity } from '../../src/ports/token-verifier.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../contracts/embedded-store.ts';
import { searchEntry } from '../contracts/search-index-fixtures.ts';
import { AT, name } from '../contracts/store-under-test.ts';
import { createIdentity } from '../support/identities.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createStandingParts } from '../support/standing-parts.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { FOLDERS, ProbedWorld, type Written } from './probed-world.ts';

/** `FULL=1` for the whole number. */
const PROBES = process.env['FULL'] === '1' ? 100_000 : 1_500;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const DOCUMENTS = 150;
const USERS = 20;

describe('[FIND25] nobody finds anything of what they may not read', () => {
  const directory = createTemporaryDirectory('probes');
  const clock = createSystemClock();
  const telemetry = createSilentTelemetry();
  let store: EmbeddedStore;
  let index: SearchIndex;
  let world: ProbedWorld;
  let deps: SearchDeps;
  let drain: () => Promise<void>;
  beforeAll(async () => {
    store = await openEmbeddedStore(directory.path);
    index = openSqliteSearchIndex({ directory: directory.path, clock, log: telemetry.log });
    const standing = createStandingParts(store.database, clock, telemetry);
    deps = {
      index,
      directory: store.directory,
      access: standing.access,
      freshen: () => standing.watch.look(),
      wake: () => Promise.resolve(),
    };
    drain = () => standing.watch.drain(0);
    world = new ProbedWorld(store, index, SEED);
    for (let at = 0; at < DOCUMENTS; at += 1) await world.addDocument();
    for (let at = 0; at < USERS; at += 1) world.addPerson(at);
  });
  afterAll(async () => {
    await drain();
    await index.close();
    await store.close();
    directory.remove();
  });

  const ask = async (person: Identity, question: object): Promise<SearchPageView> => {
    const { rights } = await deps.access.standingOf(person);
    if (rights === null) throw new Error('nobody lost their access as a whole');
    return searchDocuments(deps, { identity: person, rights }, searchBodySchema.parse(question));
  };

  it(`in ${PROBES} probes of people whose grants change, with seed ${SEED}`, { timeout: 3_600_000 }, async () => {
    let found = 0;
    for (let probe = 0; probe < PROBES; probe += 1) {
      if (probe % 2 === 0) await world.change();
      const person = world.changed ?? world.pick(world.people);
      world.changed = null;
      const wanted = world.pick(world.documents);
      const question = chooseQuestion(world, wanted);
      const page = await ask(person, question);
      check({ world, person, page, question });
      found += page.hits.length;
      const sees = page.hits.some((hit) => hit.name === wanted.record.name);
      // Bounds go by the name that the index has, so under a new name a document may be found a moment late.
      if (question.q === `${wanted.word} ` && question.filter === undefined && !wanted.isStale) {
        expect(sees).toBe(world.mayRead(person, wanted));
      }
      if (page.nextCursor === null) continue;
      const next = await ask(person, { ...question, cursor: page.nextCursor });
      check({ world, person, page: next, question });
    }
    expect(found).toBeGreaterThan(PROBES / 10);
  });

  it('a page, its end and its suggestions are the same whether what one may not read is there or not', async () => {
    const person = createIdentity({ user: 'reader', documents: new Map([['open/*', 'viewer']]) });
    const before = await ask(person, { q: 'harv', limit: 3 });
    const secret = name('private/ada/secret');
    const { record } = await store.catalog.create(DEFAULT_TENANT, secret, 'ada', AT);
    await index.write([
      searchEntry(DEFAULT_TENANT, ['Harvest', 'harvesting harvest harvested'], { documentId: record.id, name: secret }),
    ]);
    expect(await ask(person, { q: 'harv', limit: 3 })).toEqual(before);
    expect((await ask(person, { q: 'harveste' })).suggestions).not.toContain('harvested');
  });
});

interface Question {
  readonly q: string;
  readonly limit: number;
  readonly sort: string;
  readonly filter?: object;
}

function chooseQuestion(world: ProbedWorld, { word, common }: Written): Question {
  const { random } = world;
  const q = world.pick([
    `${word} `,
    `${word} `,
    word.slice(0, 3 + random.below(5)),
    `${word.slice(0, 5)}x${word.slice(6)} `,
    `"with ${word}"`,
    `${common} `,
    common.slice(0, 4),
    `${common} -${word}`,
    'title',
    'zq',
    '',
  ]);
  const filters = [
    { authors: ['bob'] },
    { tags: ['red'] },
    { names: `${world.pick(FOLDERS)}*` },
    { names: world.pick(world.documents).record.name },
  ];
  const filter = random.below(4) === 0 ? { filter: world.pick(filters) } : {};
  return { q, limit: world.pick([1, 2, 5, 10, 100]), sort: world.pick(['relevance', 'updated', 'name']), ...filter };
}

/** Holds everything in the answer against what the person may read. */
function check(probe: {
  readonly world: ProbedWorld;
  readonly person: Identity;
  readonly page: SearchPageView;
  readonly question: Question;
}): void {
  const { world, person, page, question } = probe;
  const reads = world.readsOf(person);
  const hidden = world.documents.filter((document) => !reads(document));
  // Another tenant has documents of the same names.
  const own = hidden.filter(({ record }) => record.tenant === person.tenant);
  const names = new Set<string>(own.map(({ record }) => record.name));
  expect(page.hits.filter((hit) => names.has(hit.name)).map((hit) => hit.name)).toEqual([]);
  expect(page.hits.length).toBeLessThanOrEqual(world.documents.length - hidden.length);
  const hiddenWords = new Set(hidden.map(({ word }) => word));
  // What the person typed is no news to them.
  for (const word of question.q.match(/[a-z]+/g) ?? []) hiddenWords.delete(word);
  const shown = JSON.stringify([page.hits, page.suggestions]).match(/zq[a-z]{10}/g) ?? [];
  expect(shown.filter((word) => hiddenWords.has(word))).toEqual([]);
}
