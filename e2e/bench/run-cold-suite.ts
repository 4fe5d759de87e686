import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BaseDocument, writeBaseDocument } from './base-document.ts';
import { type BenchServices, CLUSTER_SERVERS, startClusterServer } from './cluster-servers.ts';
import type { OpenPlan } from './open-main.ts';
import { atMost, type Target } from './report.ts';
import { readCpuMicroseconds } from './process-stats.ts';
import { runGenerator } from './run-generator.ts';
import { type Percentiles, readPercentiles } from './samples.ts';
import { seedDocuments } from './seed-documents.ts';
import { writeTails } from './write-tails.ts';

const DOCUMENTS = 40;
/** Opened at each node before: the documents are to be cold, not the programs. */
const WARM_UP = nameDocuments('warm', 10);
/** So many of those have a tail too, where tails are measured. */
const WARM_TAILS = 4;
/** What was just written is still being put into snapshots and the index; documents that are cold have that behind them. */
const SETTLED = { cpuShare: 0.05, forMs: 10_000, mostMs: 180_000 };
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
    await seed({ url: first, token: started.token, prefix: 'cold', documents: DOCUMENTS }, base);
    await settle(started.pids);
    const figures = await timeOpening({ urls: [second], token: started.token, warmUp: WARM_UP, documents });
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
    await seed({ url: first, token: started.token, prefix: 'tail', documents: LONG_TAILS }, base);
    const written = [...documents, ...WARM_UP.slice(-WARM_TAILS)];
    await writeTails({ url: first, token: started.token, documents: written, rows: TAIL_ROWS });
    await settle(started.pids);
    const figures = await timeOpening({ urls: others, token: started.token, warmUp: WARM_UP, documents });
    print(`${LONG_TAILS} of them, each with ${TAIL_ROWS} rows of tail, at ${READERS} nodes: ${describe(figures)}`);
    return figures;
  } finally {
    await started.stop();
  }
}

/** Writes the documents, and those for warming up. */
async function seed(
  to: { readonly url: string; readonly token: string; readonly prefix: string; readonly documents: number },
  base: BaseDocument,
): Promise<void> {
  const bytes = await readFile(base.file);
  await seedDocuments({ ...to, urls: [to.url] }, bytes);
  await seedDocuments({ urls: [to.url], token: to.token, prefix: 'warm', documents: WARM_UP.length }, bytes);
}

/** Waits until no node has anything to do but to be there. */
async function settle(pids: readonly number[]): Promise<void> {
  const { cpuShare, forMs, mostMs } = SETTLED;
  const deadline = performance.now() + mostMs;
  for (let busy = true; busy;) {
    if (performance.now() > deadline) throw new Error(`the nodes are still busy after ${mostMs / 1_000} s`);
    const before = pids.map(readCpuMicroseconds);
    await sleep(forMs);
    busy = pids.some((pid, index) => readCpuMicroseconds(pid) - (before[index] ?? 0) > cpuShare * forMs * 1_000);
  }
}

function scriptorium() {
  const server = CLUSTER_SERVERS['scriptorium'];
  if (server === undefined) throw new Error('there is no such server');
  return server;
}

function nameDocuments(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

async function timeOpening(plan: OpenPlan): Promise<Percentiles | null> {
  return readPercentiles(await runGenerator<number[]>('open-main.ts', plan, ['--expose-gc']));
}

function describe(figures: Percentiles | null): string {
  return `p50 ${figures?.p50.toFixed(1)} ms, p95 ${figures?.p95.toFixed(1)} ms`;
}
