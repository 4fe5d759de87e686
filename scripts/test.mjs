// `npm test`: all stages in their order, each with its time, and one closing line of counts.
// `test.mjs STAGE [--full] [arguments]` runs one stage and hands it the arguments.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addOutcomes, formatCounts, formatOutcome } from './test/outcome.mjs';
import { runStage } from './test/run-stage.mjs';

/** Stages in their order, with the minutes that each may take on two cores, and at full size where that is long. */
const STAGES = [
  { name: 'check', budgetMinutes: 2 },
  { name: 'unit', budgetMinutes: 3 },
  { name: 'services', budgetMinutes: 4 },
  { name: 'simulation', budgetMinutes: 4 },
  { name: 'chaos', budgetMinutes: 5 },
  { name: 'attacks', budgetMinutes: 6, fullMinutes: 45 },
  { name: 'e2e', budgetMinutes: 6 },
];

/**
 * What a run of all stages takes of a stage. The attacks beside a stock server take longer than a stage may, and are judged
 * by the round trips of somebody innocent, which want a machine to themselves; on this server alone they are in.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const PARTS_OF_ALL = { attacks: ['own-server', 'commenters', 'fuzz', 'silent-sockets'] };

/**
 * What is taken of a stage that is asked for alone, and for nothing else in particular.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const PARTS_ALONE = { attacks: ['attacks.test', 'commenters', 'fuzz', 'silent-sockets'] };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [wanted, ...given] = process.argv.slice(2);
// `--full` runs the long suites at their full size instead of the share that fits CI.
if (given.includes('--full')) process.env.FULL = '1';
const args = given.filter((it) => it !== '--full');
const stages = STAGES.filter((it) => wanted === undefined || it.name === wanted).map(chooseBudget);
if (stages.length === 0) {
  console.error(`there is no stage ${wanted}: ${STAGES.map((it) => it.name).join(', ')}`);
  process.exit(1);
}

const reports = mkdtempSync(join(tmpdir(), 'scriptorium-test-'));
const outcomes = [];
for (const stage of stages) {
  console.log(`\n── ${stage.name} ──`);
  const usual = (wanted === undefined ? PARTS_OF_ALL : PARTS_ALONE)[stage.name] ?? [];
  const parts = args.length > 0 ? args : usual;
  outcomes.push(await runStage({ root, reports, stage, args: parts }));
}
rmSync(reports, { recursive: true, force: true });

const total = addOutcomes(outcomes);
console.log('');
for (const outcome of outcomes) console.log(formatOutcome(outcome));
const skipsCount = process.env.CI === 'true' && total.skipped.length > 0;
if (skipsCount) console.log(`under CI=true a skipped test is a failure:\n  ${total.skipped.join('\n  ')}`);
console.log(formatCounts(total));
process.exitCode = total.failed > 0 || skipsCount ? 1 : 0;

/** @param {{ name: string, budgetMinutes: number, fullMinutes?: number }} stage */
function chooseBudget({ name, budgetMinutes, fullMinutes = budgetMinutes }) {
  return { name, budgetMinutes: process.env.FULL === '1' ? fullMinutes : budgetMinutes };
}
