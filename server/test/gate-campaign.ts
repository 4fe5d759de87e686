import { parseArgs } from 'node:util';
import { runGaps } from './support/gap-run.ts';
import { runHonest } from './support/honest-run.ts';
import { runMutations } from './support/mutation-run.ts';

/**
 * The long run of the gate's property tests:
 * `node server/test/gate-campaign.ts --mutations 1000000 --honest 100000 --gaps 20000 --seed 1`. Exit code 1 on any
 * finding; each names the seed of its world, which alone repeats it.
 */
const { values } = parseArgs({
  options: {
    mutations: { type: 'string', default: '1000000' },
    honest: { type: 'string', default: '100000' },
    gaps: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);
const counts = { mutations: Number(values.mutations), honest: Number(values.honest), gaps: Number(values.gaps) };
const findings: string[] = [];

print(`seed ${seed}`);
campaignHonest();
campaignGaps();
campaignMutations();
for (const finding of findings) print(`FINDING ${finding}`);
print(`findings ${findings.length}`);
process.exitCode = findings.length > 0 ? 1 : 0;

function campaignHonest(): void {
  const tell = progress('honest updates', counts.honest);
  const report = runHonest({ seed, count: counts.honest, onWorld: ({ updates }) => tell(updates) });
  const meanBytes = Math.round(report.bytes / Math.max(1, report.edits));
  print(`honest updates ${report.updates}, of these ${report.edits} single edits of ${meanBytes} bytes on average`);
  print(
    `faults of Yjs: edits with impossible neighbours ${report.rewritten}, worlds that disagree ${report.disagreements}`,
  );
  print(`cost of a single edit: parse and gate ${summary(report.gateTimes)}; apply ${summary(report.applyTimes)}`);
  findings.push(...report.findings);
}

function campaignGaps(): void {
  const report = runGaps(seed, counts.gaps);
  print(`out of order ${report.updates}: gaps ${report.gaps}, of these with a ready part ${report.partial}`);
  findings.push(...report.findings);
}

function campaignMutations(): void {
  const tell = progress('mutations', counts.mutations);
  const report = runMutations({ seed, count: counts.mutations, onWorld: ({ mutations }) => tell(mutations) });
  const refused = [...report.refused].map(([code, count]) => `${code} ${count}`).join(', ');
  print(`mutations ${report.mutations}: accepted ${report.accepted}, gaps ${report.gaps}, refused: ${refused}`);
  print(`of the accepted and the gaps, in parts: ${report.parts}`);
  findings.push(...report.findings);
}

function summary(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): string => ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 1000).toFixed(1);
  const mean = (1000 * sorted.reduce((sum, time) => sum + time, 0)) / Math.max(1, sorted.length);
  return `median ${at(0.5)} us, mean ${mean.toFixed(1)} us, p99 ${at(0.99)} us`;
}

/** Prints a line at most every ten seconds. */
function progress(what: string, total: number): (done: number) => void {
  let last = performance.now();
  return (done) => {
    if (performance.now() - last < 10_000) return;
    last = performance.now();
    print(`${what}: ${done} of ${total}`);
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
