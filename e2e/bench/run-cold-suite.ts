import { readFile } from 'node:fs/promises';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { type BaseDocument, writeBaseDocument } from './base-document.ts';
import { type BenchServices, CLUSTER_SERVERS, startClusterServer } from './cluster-servers.ts';
import { atMost, type Target } from './report.ts';
import { type Percentiles, readPercentiles } from './samples.ts';
import { seedDocuments } from './seed-documents.ts';
import { writeTails } from './write-tails.ts';

const DOCUMENTS = 40;
/** Documents that each node opens before: the documents are to be cold, not the program. */
const WARM_UP = 10;
/** Documents with a long tail, each opened at every node but the one that it was written at. */
const LONG_TAILS = 8;
const TAIL_ROWS = 10_000;
const READERS = 4;
/** An object store that is away, and nothing inline: so nothing is compacted, and tails grow. */
const NO_SNAPSHOTS = { SNAPSHOT_INLINE_BYTES: '0', S3_ENDPOINT: 'http://127.0.0.1:9' };

interface ColdRun {
  readonly services: BenchServices;
  readonly print: (line: string) => void;
}

interface ColdFigures {
  readonly whole: Percentiles | null;
  readonly tail: Percentiles | null;
}

/** Opens documents of about 300 KB at nodes that never saw them, one after the other. */
export async function runColdSuite(
  run: ColdRun,
): Promise<{ readonly figures: ColdFigures; readonly targets: readonly Target[] }> {
  const base = await writeBaseDocument(110_000);
  try {
    const whole = await openSnapshots(run, base);
    const tail = await openTails(run, base);
    const targets = [
      atMost('opening a cold document of about 300 KB, p95 at most 100 ms', whole?.p95 ?? null, 100),
      atMost('opening one with 10,000 rows of tail, p95 at most 250 ms', tail?.p95 ?? null, 250),
    ];
    return { figures: { whole, tail }, targets: targets.filter((target) => target !== null) };
  } finally {
    await base.dispose();
  }
}

async function openSnapshots({ services, print }: ColdRun, base: BaseDocument): Promise<Percentiles | null> {
  const started = await startClusterServer(scriptorium(), { services, nodes: 2 });
  try {
    const [first = '', second = ''] = started.urls;
    const documents = nameDocuments('cold', DOCUMENTS);
    const plan = { urls: [first], token: started.token, prefix: 'cold', documents: DOCUMENTS };
    await seedDocuments(plan, await readFile(base.file));
    await warmUp({ first, others: [second], token: started.token }, base);
    const figures = await timeOpening([second], documents, started.token);
    print(`${DOCUMENTS} documents of ${Math.round(base.bytes / 1_000)} KB: ${describe(figures)}`);
    return figures;
  } finally {
    await started.stop();
  }
}

async function openTails({ services, print }: ColdRun, base: BaseDocument): Promise<Percentiles | null> {
  const nodes = 1 + READERS;
  const started = await startClusterServer(scriptorium(), { services, nodes, shared: false, variables: NO_SNAPSHOTS });
  try {
    const [first = '', ...others] = started.urls;
    const documents = nameDocuments('tail', LONG_TAILS);
    const plan = { urls: [first], token: started.token, prefix: 'tail', documents: LONG_TAILS };
    await seedDocuments(plan, await readFile(base.file));
    await warmUp({ first, others, token: started.token }, base);
    await writeTails({ url: first, token: started.token, documents, rows: TAIL_ROWS });
    const figures = await timeOpening(others, documents, started.token);
    print(`${LONG_TAILS} of them, each with ${TAIL_ROWS} rows of tail, at ${READERS} nodes: ${describe(figures)}`);
    return figures;
  } finally {
    await started.stop();
  }
}

async function warmUp(
  nodes: { readonly first: string; readonly others: readonly string[]; readonly token: string },
  base: BaseDocument,
): Promise<void> {
  const plan = { urls: [nodes.first], token: nodes.token, prefix: 'warm', documents: WARM_UP };
  await seedDocuments(plan, await readFile(base.file));
  await timeOpening(nodes.others, nameDocuments('warm', WARM_UP), nodes.token);
}

function scriptorium() {
  const server = CLUSTER_SERVERS['scriptorium'];
  if (server === undefined) throw new Error('there is no such server');
  return server;
}

function nameDocuments(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

async function timeOpening(
  urls: readonly string[],
  documents: readonly string[],
  token: string,
): Promise<Percentiles | null> {
  const times: number[] = [];
  for (const url of urls) {
    for (const document of documents) {
      const begun = performance.now();
      const client = openHocuspocus({ url, document, token });
      await new Promise<void>((resolve) => client.provider.on('synced', () => resolve()));
      times.push(performance.now() - begun);
      client.destroy();
    }
  }
  return readPercentiles(times);
}

function describe(figures: Percentiles | null): string {
  return `p50 ${figures?.p50.toFixed(1)} ms, p95 ${figures?.p95.toFixed(1)} ms`;
}
