import { setTimeout as sleep } from 'node:timers/promises';
import { createContentClient, type ContentClient } from '../../client/src/sdk/rest-content.ts';
import * as Y from 'yjs';
import { type HocuspocusClient, openHocuspocus } from '../support/hocuspocus-client.ts';
import { type BenchServices, CLUSTER_SERVERS, startClusterServer } from './cluster-servers.ts';
import { atMost, type Target } from './report.ts';
import type { RestPlan, RestResult } from './rest-load-main.ts';
import { runGenerator } from './run-generator.ts';
import { type Percentiles, readPercentiles } from './samples.ts';

const DOCUMENT = 'bench/rest';
const PARAGRAPHS = 200;
const ROUNDS = 40;
/** Before them: the conversions are compiled meanwhile, as in the other figures. */
const WARM_UP_ROUNDS = 10;
const CONNECTIONS = 16;

/** What the suite came to; times in milliseconds. */
export interface RestFigures {
  readonly cached: RestResult;
  readonly unchanged: RestResult;
  readonly uncached: Percentiles | null;
  readonly put: Percentiles | null;
  /** Bytes of the largest update that a write with one changed paragraph came to. */
  readonly updateBytes: number;
  /** From an editor's key to its peer, while all of it runs. */
  readonly roundTrip: Percentiles | null;
}

export interface RestSuiteRun {
  readonly services: BenchServices;
  readonly seconds: number;
  readonly warmUp: number;
  readonly print: (line: string) => void;
}

/** Reads and writes a document of about 100 KB over REST on one node with PostgreSQL, while two people type in another. */
export async function runRestSuite(
  run: RestSuiteRun,
): Promise<{ readonly figures: RestFigures; readonly targets: readonly Target[] }> {
  const server = CLUSTER_SERVERS['scriptorium'];
  if (server === undefined) throw new Error('there is no such server');
  const started = await startClusterServer(server, { services: run.services, nodes: 1, shared: false });
  try {
    const [collab = ''] = started.urls;
    const baseUrl = collab.replace(/^ws/, 'http').replace(/\/collab$/, '');
    const client = createContentClient({ baseUrl, token: () => started.token });
    const typists = await startTypists(collab, started.token);
    try {
      const figures = await measure(run, { client, baseUrl, token: started.token });
      const roundTrip = readPercentiles(typists.times);
      const all = { ...figures, roundTrip };
      run.print(describeFigures(all));
      return { figures: all, targets: judge(all) };
    } finally {
      typists.stop();
    }
  } finally {
    await started.stop();
  }
}

async function measure(
  run: RestSuiteRun,
  at: { readonly client: ContentClient; readonly baseUrl: string; readonly token: string },
): Promise<Omit<RestFigures, 'roundTrip'>> {
  const { client, baseUrl, token } = at;
  const text = makeText();
  const { etag } = await client.replaceContent(DOCUMENT, { format: 'markdown', body: text });
  run.print(`document: ${Math.round(text.length / 1_000)} KB of Markdown, ${PARAGRAPHS} paragraphs`);
  const url = `${baseUrl}/v1/documents/${encodeURIComponent(DOCUMENT)}/content?format=markdown`;
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'br' };
  const load = { url, connections: CONNECTIONS, seconds: run.seconds, warmUp: run.warmUp };
  const call = (plan: RestPlan): Promise<RestResult> => runGenerator<RestResult>('rest-load-main.ts', plan);
  const cached = await call({ ...load, headers, expected: 200 });
  const unchanged = await call({ ...load, headers: { ...headers, 'if-none-match': etag }, expected: 304 });
  return { cached, unchanged, ...(await measureWrites(client, text)) };
}

/** Changes one paragraph at a time, and reads what nobody has rendered yet. */
async function measureWrites(
  client: ContentClient,
  text: string,
): Promise<Pick<RestFigures, 'uncached' | 'put' | 'updateBytes'>> {
  const [put, uncached]: [number[], number[]] = [[], []];
  let updateBytes = 0;
  let before = await readState(client);
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const marker = `Paragraph ${(round * 7) % PARAGRAPHS} `;
    const body = text.replace(marker, `${marker}changed in round ${round} `);
    let begun = performance.now();
    await client.replaceContent(DOCUMENT, { format: 'markdown', body });
    put.push(performance.now() - begun);
    begun = performance.now();
    await client.readContent(DOCUMENT, { format: 'json' });
    uncached.push(performance.now() - begun);
    const after = await readState(client);
    // With all deletions that the document ever saw, so it is no less than what was sent.
    if (round > 0)
      updateBytes = Math.max(updateBytes, Y.diffUpdate(after, Y.encodeStateVectorFromUpdate(before)).length);
    before = after;
  }
  const measured = (times: readonly number[]) => readPercentiles(times.slice(WARM_UP_ROUNDS));
  return { put: measured(put), uncached: measured(uncached), updateBytes };
}

async function readState(client: ContentClient): Promise<Uint8Array> {
  const read = await client.readContent(DOCUMENT, { format: 'yjs' });
  return read?.body instanceof Uint8Array ? read.body : new Uint8Array([0, 0]);
}

/** Paragraphs of about 500 characters each. */
function makeText(): string {
  const filler = 'some words that stand for what people write, '.repeat(11);
  return `${Array.from({ length: PARAGRAPHS }, (_, index) => `Paragraph ${index} ${filler}end.`).join('\n\n')}\n`;
}

interface Typists {
  readonly times: readonly number[];
  stop(): void;
}

/** Two people in a document of their own: one types, the other takes the time. */
async function startTypists(url: string, token: string): Promise<Typists> {
  const open = (): HocuspocusClient => openHocuspocus({ url, document: 'bench/typists', token });
  const [writer, reader] = [open(), open()];
  await Promise.all([writer.ready(), reader.ready()]);
  const times: number[] = [];
  const sent = new Map<number, number>();
  reader.doc.getArray<number>('keys').observe((event) => {
    for (const { insert = [] } of event.changes.delta) {
      for (const key of insert as readonly number[]) times.push(performance.now() - (sent.get(key) ?? NaN));
    }
  });
  let key = 0;
  const timer = setInterval(() => {
    key += 1;
    sent.set(key, performance.now());
    writer.doc.getArray<number>('keys').push([key]);
  }, 50);
  await sleep(500);
  return {
    times,
    stop() {
      clearInterval(timer);
      for (const client of [writer, reader]) client.destroy();
    },
  };
}

function describeFigures({ cached, unchanged, uncached, put, updateBytes, roundTrip }: RestFigures): string {
  const times = (it: Percentiles | null): string =>
    `p50 ${it?.p50.toFixed(1)} ms, p95 ${it?.p95.toFixed(1)} ms, p99 ${it?.p99.toFixed(1)} ms`;
  return [
    `cached content        ${cached.perSecond.toFixed(0)}/s, ${times(cached.times)}`,
    `304                   ${unchanged.perSecond.toFixed(0)}/s, ${times(unchanged.times)}`,
    `uncached JSON         ${times(uncached)}`,
    `PUT, one paragraph    ${times(put)}, update at most ${updateBytes} bytes`,
    `key to peer meanwhile ${times(roundTrip)}`,
  ].join('\n');
}

function judge({ cached, unchanged, uncached, put, updateBytes, roundTrip }: RestFigures): readonly Target[] {
  return [
    atMost('cached content, p99 at most 10 ms', cached.times?.p99 ?? null, 10),
    atLeast('cached content, at least 3,000 a second', cached.perSecond, 3_000),
    atLeast('304, at least 6,000 a second', unchanged.perSecond, 6_000),
    atMost('uncached JSON of a 100 KB document, p95 at most 40 ms', uncached?.p95 ?? null, 40),
    atMost('PUT of 100 KB with one changed paragraph, p95 at most 60 ms', put?.p95 ?? null, 60),
    atMost('its update, at most 2,048 bytes', updateBytes, 2_048),
    atMost('key to peer meanwhile, p99 at most 100 ms', roundTrip?.p99 ?? null, 100),
  ].filter((target) => target !== null);
}

function atLeast(promise: string, value: number, limit: number): Target {
  return { promise, met: value >= limit, seen: `${value.toFixed(0)} of ${limit}` };
}
