/** `npm run bench`: every server under the same load, in turns, with a table for each suite. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { type BenchServices, startBenchServices } from './cluster-servers.ts';
import { type BenchOptions, COLD_SUITE, HELP, parseOptions, REST_SUITE, SEARCH_SUITE } from './options.ts';
import { checkTargets, renderTable, type Target } from './report.ts';
import { runColdSuite } from './run-cold-suite.ts';
import { runRestSuite } from './run-rest-suite.ts';
import { runSearchSuite } from './run-search-suite.ts';
import { runSuite } from './run-suite.ts';
import { SUITES } from './suites.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    print(HELP);
    return;
  }
  print(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`);
  const needsServices = options.suites.some((name) => name !== SEARCH_SUITE && SUITES[name]?.nodes !== 0);
  const services = needsServices ? await startBenchServices() : null;
  const figures: Record<string, unknown> = {};
  try {
    for (const name of options.suites) figures[name] = await runOne(name, options, services);
  } finally {
    await services?.dispose();
  }
  if (options.jsonFile !== null) {
    const everything = { options, node: process.versions.node, figures };
    await writeFile(options.jsonFile, `${JSON.stringify(everything, null, 2)}\n`);
  }
}

async function runOne(name: string, options: BenchOptions, services: BenchServices | null): Promise<unknown> {
  if (name === COLD_SUITE) {
    if (services === null) throw new Error('the services are not there');
    print('\n== opening documents that no node has open');
    const { figures, targets } = await runColdSuite({ services, print });
    judge(targets);
    return figures;
  }
  if (name === SEARCH_SUITE) {
    print('\n== search over ten thousand documents, embedded');
    const { figures, targets } = await runSearchSuite({ print });
    judge(targets);
    return figures;
  }
  if (name === REST_SUITE) {
    if (services === null) throw new Error('the services are not there');
    print('\n== a document of about 100 KB over REST, one node on PostgreSQL');
    const { figures, targets } = await runRestSuite({
      services,
      seconds: options.seconds,
      warmUp: options.warmUp,
      print,
    });
    judge(targets);
    return figures;
  }
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`there is no suite ${name}`);
  const { documents, clients, rate } = suite;
  print(`\n== ${suite.title}: ${documents} documents × ${clients} clients × ${rate} edits/s`);
  print(`${options.seconds} s after ${options.warmUp} s, ${options.rounds} rounds`);
  const measurements = await runSuite({ suite, options, services, print });
  print(`\n${renderTable(measurements)}\n`);
  judge(checkTargets(measurements, suite.targets));
  return measurements;
}

function judge(targets: readonly Target[]): void {
  for (const { promise, met, seen } of targets) {
    print(`${met ? 'kept  ' : 'MISSED'}  ${promise}${seen === '' ? '' : `: ${seen}`}`);
    if (!met) process.exitCode = 1;
  }
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
