import { parseArgs } from 'node:util';
import { describeTotals, explainFailure, runCampaign } from './campaign.ts';
import { playHistory, sizeOf, type History } from './history.ts';
import { PLANTS } from './plants.ts';

/**
 * Plays histories of the simulation.
 *
 * `--seed 17` plays one and prints its events; `--keep 3,17` plays only these operations of its plan.
 * `--from 1 --count 10000` plays many in all processors, and prints the failures, the first `--explain 3` shrunk.
 * `--plant NAME` plants a bug, `--operations N` changes the length, `--noise N` the chances. Exit code 1 when something was found.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    keep: { type: 'string' },
    operations: { type: 'string', default: '300' },
    plant: { type: 'string' },
    noise: { type: 'string', default: '0' },
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '500' },
    explain: { type: 'string', default: '3' },
    failures: { type: 'string', default: '20' },
  },
});

const plant = PLANTS.find((name) => name === values.plant) ?? null;
if (values.plant !== undefined && plant === null) throw new Error(`no such plant; there are: ${PLANTS.join(' ')}`);

function toHistory(seed: number): History {
  const kept = values.keep === undefined ? null : values.keep === 'none' ? [] : values.keep.split(',').map(Number);
  return { seed, noise: Number(values.noise), size: sizeOf(seed, Number(values.operations)), plant, kept };
}

async function playOne(seed: number): Promise<void> {
  const report = await playHistory(toHistory(seed), true);
  for (const line of report.lines) print(line);
  print(`digest ${report.digest}`);
  print(JSON.stringify(report.counts));
  for (const finding of report.findings) print(`FOUND ${finding}`);
  process.exitCode = report.findings.length > 0 ? 1 : 0;
}

async function playMany(from: number, count: number): Promise<void> {
  const histories = Array.from({ length: count }, (_, index) => toHistory(from + index));
  let last = performance.now();
  const { reports, failures } = await runCampaign({
    histories,
    mostFailures: Number(values.failures),
    onProgress: (played) => {
      if (performance.now() - last < 10_000) return;
      last = performance.now();
      print(`${played} of ${count}`);
    },
  });
  for (const { history, report } of failures)
    print(`FOUND seed ${history.seed}: ${report.findings.join(' | ').slice(0, 2_000)}`);
  for (const { history } of failures.slice(0, Number(values.explain))) print((await explainFailure(history)).text);
  print(describeTotals(reports));
  print(`failures ${failures.length}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (values.seed === undefined) await playMany(Number(values.from), Number(values.count));
else await playOne(Number(values.seed));
