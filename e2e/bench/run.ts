/** `npm run bench`: every server under the same load, in turns, with a table at the end. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild } from '../support/child-process.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';
import { type BenchOptions, HELP, parseOptions } from './options.ts';
import { readResidentMegabytes } from './process-stats.ts';
import { type Measurement, checkTargets, renderTable } from './report.ts';
import { SERVERS, startServer } from './servers.ts';

/** A server's memory falls for a moment after its start. */
const IDLE_MS = 2_000;

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    print(HELP);
    return;
  }
  const { documents, clients, rate, seconds, warmUp, rounds } = options;
  print(
    `${documents} documents × ${clients} clients × ${rate} edits/s, ${seconds} s after ${warmUp} s, ${rounds} rounds`,
  );
  print(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
  const measurements = await measureAll(options);
  print(`\n${renderTable(measurements)}\n`);
  for (const { promise, met, seen } of checkTargets(measurements)) {
    print(`${met ? 'kept  ' : 'MISSED'}  ${promise}${seen === '' ? '' : `: ${seen}`}`);
    if (!met) process.exitCode = 1;
  }
  if (options.jsonFile !== null) {
    await writeFile(
      options.jsonFile,
      `${JSON.stringify({ options, node: process.versions.node, measurements }, null, 2)}\n`,
    );
  }
}

async function measureAll(options: BenchOptions): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    // Another order in every round, so that no server always has the machine's better moment.
    const order = options.servers.map((_, index) => options.servers[(index + round) % options.servers.length] ?? '');
    for (const name of order) {
      const measurement = await measure(name, options, round);
      measurements.push(measurement);
      const { title, serverCpuPerEdit, peer, acknowledgement } = measurement;
      const acknowledged = acknowledgement === null ? '' : `, acknowledged p95 ${acknowledgement.p95.toFixed(1)} ms`;
      print(
        `round ${round + 1}  ${title}: ${serverCpuPerEdit.toFixed(1)} µs/edit, peer p95 ${peer?.p95.toFixed(1)} ms${acknowledged}`,
      );
    }
  }
  return measurements.sort((a, b) => options.servers.indexOf(a.server) - options.servers.indexOf(b.server));
}

async function measure(name: string, options: BenchOptions, round: number): Promise<Measurement> {
  const server = SERVERS[name];
  if (server === undefined) throw new Error(`there is no server ${name}`);
  const started = await startServer(server);
  try {
    await sleep(IDLE_MS);
    const idleMegabytes = readResidentMegabytes(started.pid);
    const { documents, clients, rate, warmUp, seconds } = options;
    const result = await generateLoad({
      dialect: server.dialect,
      urls: [started.url],
      serverPids: [started.pid],
      token: started.token,
      prefix: 'bench',
      documents,
      clients,
      rate,
      warmUp,
      seconds,
    });
    return { ...result, server: name, title: server.title, round, readyAfterMs: started.readyAfterMs, idleMegabytes };
  } finally {
    await started.stop();
  }
}

/** The load comes from a process of its own, so that its work is not measured as somebody else's. */
async function generateLoad(plan: LoadPlan): Promise<LoadResult> {
  const path = fileURLToPath(new URL('load-main.ts', import.meta.url));
  const child = startChild({ command: process.execPath, args: [path, JSON.stringify(plan)] });
  const exit = await child.exited;
  if (exit.code !== 0) throw new Error(`the load generator failed:\n${child.output()}`);
  // Warnings of the runtime, if any, come before the result.
  return JSON.parse(child.output().trim().split('\n').at(-1) ?? '') as LoadResult;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
