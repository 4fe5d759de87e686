import { setTimeout as sleep } from 'node:timers/promises';
import { writeBaseDocument } from './base-document.ts';
import { type BenchServices, CLUSTER_SERVERS, startClusterServer } from './cluster-servers.ts';
import type { Dialect, LoadPlan, LoadResult } from './load-plan.ts';
import type { BenchOptions } from './options.ts';
import { readResidentMegabytes } from './process-stats.ts';
import type { Measurement } from './report.ts';
import { readTraffic, trafficBetween } from './redis-traffic.ts';
import { runGenerator } from './run-generator.ts';
import { SERVERS, type Started, startServer } from './servers.ts';
import type { Suite } from './suites.ts';

/** A server's memory falls for a moment after its start; and so long it is listened to. */
const IDLE_MS = 4_000;

export interface SuiteRun {
  readonly suite: Suite;
  readonly options: BenchOptions;
  /** Needed by suites with nodes. */
  readonly services: BenchServices | null;
  readonly print: (line: string) => void;
}

/** Measures every server of a suite in every round. */
export async function runSuite(run: SuiteRun): Promise<readonly Measurement[]> {
  const { suite, options } = run;
  const names = suite.servers.filter((name) => options.servers?.includes(name) ?? true);
  const base = suite.baseEdits === 0 ? null : await writeBaseDocument(suite.baseEdits);
  if (base !== null) run.print(`base document: ${base.edits} edits, ${Math.round(base.bytes / 1_000)} KB`);
  const measurements: Measurement[] = [];
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      // Another order in every round, so that no server always has the machine's better moment.
      const order = names.map((_, index) => names[(index + round) % names.length] ?? '');
      for (const name of order) {
        const measurement = await measure(run, name, { round, baseFile: base?.file ?? null });
        measurements.push(measurement);
        run.print(describeRound(measurement));
      }
    }
  } finally {
    await base?.dispose();
  }
  return measurements.sort((a, b) => names.indexOf(a.server) - names.indexOf(b.server));
}

function describeRound({ round, title, serverCpuPerEdit, peer, acknowledgement }: Measurement): string {
  const acknowledged = acknowledgement === null ? '' : `, acknowledged p95 ${acknowledgement.p95.toFixed(1)} ms`;
  return `round ${round + 1}  ${title}: ${serverCpuPerEdit.toFixed(1)} µs/edit, peer p95 ${peer?.p95.toFixed(1)} ms${acknowledged}`;
}

async function measure(
  run: SuiteRun,
  name: string,
  { round, baseFile }: { readonly round: number; readonly baseFile: string | null },
): Promise<Measurement> {
  const { suite, options } = run;
  const { started, title, dialect } = await start(run, name);
  try {
    const idlePublishes = await readIdlePublishes(started.redisUrl);
    const idleMegabytes = started.pids.reduce((sum, pid) => sum + readResidentMegabytes(pid), 0);
    const { documents, clients, rate } = suite;
    const { warmUp, seconds } = options;
    const result = await runGenerator<LoadResult>('load-main.ts', {
      dialect,
      urls: started.urls,
      serverPids: started.pids,
      token: started.token,
      prefix: 'bench',
      documents,
      clients,
      rate,
      warmUp,
      seconds,
      ...(baseFile === null ? {} : { baseFile }),
      ...(started.redisUrl === null ? {} : { redisUrl: started.redisUrl }),
    } satisfies LoadPlan);
    const { edits, traffic } = result;
    return {
      ...result,
      server: name,
      title,
      round,
      readyAfterMs: started.readyAfterMs,
      idleMegabytes,
      publishesPerEdit: traffic === null ? null : traffic.publishes / edits,
      addedPublishesPerEdit: traffic === null ? null : (traffic.publishes - idlePublishes * traffic.seconds) / edits,
      redisBytesPerEdit: traffic === null ? null : traffic.bytes / edits,
    };
  } finally {
    await started.stop();
  }
}

/** Publishes a second of nodes that have nothing to do but to hear whether the others are there. */
async function readIdlePublishes(redisUrl: string | null): Promise<number> {
  const before = redisUrl === null ? null : await readTraffic(redisUrl);
  await sleep(IDLE_MS);
  const after = redisUrl === null ? null : await readTraffic(redisUrl);
  return before === null || after === null ? 0 : trafficBetween(before, after).publishes / (IDLE_MS / 1_000);
}

async function start(
  { suite, services }: SuiteRun,
  name: string,
): Promise<{ readonly started: Started; readonly title: string; readonly dialect: Dialect }> {
  if (suite.nodes === 0) {
    const server = SERVERS[name];
    if (server === undefined) throw new Error(`there is no server ${name}`);
    return { started: await startServer(server), title: server.title, dialect: server.dialect };
  }
  const server = CLUSTER_SERVERS[name];
  if (server === undefined || services === null) throw new Error(`there is no cluster ${name}`);
  const started = await startClusterServer(server, { services, nodes: suite.nodes, shared: suite.nodes > 1 });
  return { started, title: server.title, dialect: 'hocuspocus' };
}
