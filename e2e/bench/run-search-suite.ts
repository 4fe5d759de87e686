import { mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import type { SearchPageView } from '@scriptorium/shared/search-schemas';
import { openEmbeddedStore } from '../../server/test/contracts/embedded-store.ts';
import { createVocabulary, seedDocuments } from '../../server/test/support/seeded-documents.ts';
import type { Child } from '../support/child-process.ts';
import { findFreePort } from '../support/free-port.ts';
import { type HocuspocusClient, openHocuspocus } from '../support/hocuspocus-client.ts';
import { serverEnvironment, spawnServer, waitUntilReady } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { readCpuMicroseconds } from './process-stats.ts';
import { atMost, type Target } from './report.ts';
import { type Percentiles, readPercentiles } from './samples.ts';

const DOCUMENTS = 10_000;
const QUERIES = 400;
const EDITED = 500;
const EDITS_PER_SECOND = 50;
/** While edits are looked for. */
const SECONDS = 20;
/** While nobody searches: as long as changes are collected for the index then. And while there is none: a start weighs in both. */
const SECONDS_UNSEARCHED = 300;
/** Every so many edits one is looked for. */
const LOOKED_FOR = 10;
const FIND_DEADLINE = 30_000;

interface Place {
  readonly dataDir: string;
  readonly port: number;
  readonly url: string;
  readonly token: string;
  readonly child: Child;
}

interface Run {
  readonly print: (line: string) => void;
}

/** Fills, searches and edits an embedded store of ten thousand documents. */
export async function runSearchSuite(
  run: Run,
): Promise<{ readonly figures: object; readonly targets: readonly Target[] }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-search-'));
  try {
    await seed(dataDir);
    const filled = await measureFilling(run, dataDir);
    const unsearched = await measureUnsearched(run, dataDir);
    const without = await measureWithout(run, dataDir);
    const targets = [
      atMost('10,000 documents of 2 KB indexed within 60 s', filled.seconds, 60),
      atMost('a search over 10,000 documents, p95 at most 30 ms', filled.queries?.p95 ?? null, 30),
      atMost(
        'an edit is found, p95 at most 2000 ms, under 50 edits/s over 500 documents',
        filled.found?.p95 ?? null,
        2_000,
      ),
      atMost(
        'CPU per edit at most 1.1 of that without an index, while nobody searches',
        unsearched.cpuPerEdit / without.cpuPerEdit,
        1.1,
      ),
      atMost(
        'an acknowledgement, p50 at most 1.1 of that without an index, while somebody searches all the time',
        ratio(filled.acks?.p50, without.acks?.p50),
        1.1,
      ),
      atMost(
        'an acknowledgement, p95 at most 1.25 of that without an index, while nobody searches',
        ratio(unsearched.acks?.p95, without.acks?.p95),
        1.25,
      ),
    ];
    return { figures: { ...filled, unsearched, without }, targets: targets.filter((target) => target !== null) };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function seed(dataDir: string): Promise<void> {
  const store = await openEmbeddedStore(dataDir);
  await seedDocuments(store, { tenant: DEFAULT_TENANT, count: DOCUMENTS, blocks: 10, wordsPerBlock: 33 });
  await store.close();
}

async function start(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const port = await findFreePort();
  const child = spawnServer({ ...serverEnvironment({ dataDir, port }), LIMIT_CONNECTIONS_PER_ADDRESS: '2000', ...env });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(child, url, 30_000);
  return { dataDir, port, url, child, token: await mintToken({ sub: 'bench' }) };
}

async function measureFilling({ print }: Run, dataDir: string) {
  const begun = performance.now();
  const place = await start(dataDir);
  try {
    await waitUntil(async () => (await readMetric(place, 'search_documents_indexed_total')) >= DOCUMENTS, {
      what: 'everything is indexed',
      timeoutMs: 300_000,
      everyMs: 100,
    });
    const seconds = (performance.now() - begun) / 1_000;
    print(`${DOCUMENTS} documents indexed in ${seconds.toFixed(1)} s, from the start of the server`);
    const queries = await measureQueries(place);
    print(`search: ${describe(queries)}`);
    const { found, cpuPerEdit, acks } = await measureEdits(place, { seconds: SECONDS, looks: true });
    print(
      `an edit is found: p50 ${found?.p50.toFixed(0)} ms, p95 ${found?.p95.toFixed(0)} ms; ${cpuPerEdit.toFixed(0)} µs CPU per edit, these searches included; acknowledged: ${describe(acks)}`,
    );
    return { seconds, queries, found, cpuPerEdit, acks };
  } finally {
    await place.child.kill();
  }
}

/** What edits cost while nobody searches, and what it takes to make the index level at the end. */
async function measureUnsearched({ print }: Run, dataDir: string) {
  const place = await start(dataDir);
  try {
    const { cpuPerEdit, edits, acks } = await measureEdits(place, { seconds: SECONDS_UNSEARCHED, looks: false });
    const cpu = readCpuMicroseconds(place.child.pid);
    const begun = performance.now();
    await search(place, 'anything ');
    const answered = performance.now() - begun;
    await waitUntil(async () => (await readMetric(place, 'search_lag_rows')) === 0, {
      what: 'the index is level',
      timeoutMs: 60_000,
      // A page of metrics every ten milliseconds would take more CPU than the index.
      everyMs: 250,
    });
    const level = performance.now() - begun;
    const whole = cpuPerEdit + (readCpuMicroseconds(place.child.pid) - cpu) / edits;
    print(
      `nobody searches for ${SECONDS_UNSEARCHED} s: ${whole.toFixed(0)} µs CPU per edit; ` +
        `the first search answers after ${answered.toFixed(0)} ms, the index is level after ${level.toFixed(0)} ms; acknowledged: ${describe(acks)}`,
    );
    return { cpuPerEdit: whole, acks };
  } finally {
    await place.child.kill();
  }
}

async function measureWithout({ print }: Run, dataDir: string) {
  const place = await start(dataDir, { SEARCH_ENABLED: 'false' });
  try {
    const { cpuPerEdit, acks } = await measureEdits(place, { seconds: SECONDS_UNSEARCHED, looks: false });
    print(`without search: ${cpuPerEdit.toFixed(0)} µs CPU per edit; acknowledged: ${describe(acks)}`);
    return { cpuPerEdit, acks };
  } finally {
    await place.child.kill();
  }
}

function ratio(one: number | undefined, other: number | undefined): number | null {
  return one === undefined || other === undefined ? null : one / other;
}

function describe(times: Percentiles | null): string {
  return `p50 ${times?.p50.toFixed(1)} ms, p95 ${times?.p95.toFixed(1)} ms, p99 ${times?.p99.toFixed(1)} ms`;
}

async function measureQueries(place: Place): Promise<Percentiles | null> {
  const { words, pick, random } = createVocabulary(1);
  const kinds: readonly (() => string)[] = [
    () => `${words[random.below(20)]} `,
    () => `${pick()} `,
    () => `${pick()} ${pick()} `,
    () => pick().slice(0, 3),
    () => `${pick().slice(1)}x `,
    () => `"${pick()} ${pick()}"`,
  ];
  const times: number[] = [];
  for (let at = 0; at < QUERIES; at += 1) {
    const query = kinds[at % kinds.length]?.() ?? '';
    const asked = performance.now();
    await search(place, query);
    times.push(performance.now() - asked);
  }
  return readPercentiles(times);
}

async function search({ url, token }: Place, query: string): Promise<SearchPageView> {
  const response = await fetch(`${url}/v1/search?q=${encodeURIComponent(query)}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`search answered ${response.status}`);
  return (await response.json()) as SearchPageView;
}

/** Edits at a steady pace; every so often one of them is looked for until it is found. */
async function measureEdits(place: Place, { seconds, looks }: { readonly seconds: number; readonly looks: boolean }) {
  const clients = await openClients(place);
  const looking: Promise<number>[] = [];
  const acks = watchAcks(clients);
  const edits = EDITS_PER_SECOND * seconds;
  // The first opens are read in; the pace of edits is measured alone.
  await sleep(3_000);
  const begun = performance.now();
  const cpu = readCpuMicroseconds(place.child.pid);
  for (let edit = 0; edit < edits; edit += 1) {
    const due = begun + (edit * 1_000) / EDITS_PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    const word = `zv${edit.toString(26).replaceAll(/\d/g, (digit) => String.fromCharCode(113 + Number(digit)))}y${looks ? 'l' : 'n'}`;
    const client = clients[edit % clients.length];
    if (client !== undefined) acks.begin(client);
    client?.doc.getText('notes').insert(0, `${word} `);
    if (looks && edit % LOOKED_FOR === 0) looking.push(find(place, word));
  }
  const used = readCpuMicroseconds(place.child.pid) - cpu;
  const found = readPercentiles(await Promise.all(looking));
  for (const client of clients) client.destroy();
  // That hundreds leave at once is no part of what comes next.
  await sleep(2_000);
  return { found, edits, cpuPerEdit: used / edits, acks: readPercentiles(acks.milliseconds) };
}

/** How long edits wait for their acknowledgement. */
function watchAcks(clients: readonly HocuspocusClient[]) {
  const milliseconds: number[] = [];
  const begun = new Map<HocuspocusClient, number>();
  for (const client of clients) {
    client.provider.on('unsyncedChanges', ({ number }: { readonly number: number }) => {
      const at = begun.get(client);
      if (number > 0 || at === undefined) return;
      begun.delete(client);
      milliseconds.push(performance.now() - at);
    });
  }
  return { milliseconds, begin: (client: HocuspocusClient) => void begun.set(client, performance.now()) };
}

async function openClients({ port, token }: Place): Promise<readonly HocuspocusClient[]> {
  const clients: HocuspocusClient[] = [];
  for (let at = 0; at < EDITED; at += 1) {
    clients.push(openHocuspocus({ url: `ws://127.0.0.1:${port}/collab`, document: `seeded/${at}`, token }));
    if (at % 50 === 49) await Promise.all(clients.slice(-50).map((client) => client.ready()));
  }
  return clients;
}

async function find(place: Place, word: string): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < FIND_DEADLINE) {
    if ((await search(place, `${word} `)).hits.length > 0) return performance.now() - begun;
    await sleep(100);
  }
  throw new Error(`${word} was not found`);
}

async function readMetric({ url }: Place, name: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^scriptorium_${name} (\\S+)$`, 'm').exec(page)?.[1] ?? 0);
}
