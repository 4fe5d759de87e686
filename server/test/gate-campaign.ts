import { parseArgs } from 'node:util';
import { runHonest } from './support/honest-run.ts';
import { runMutations } from './support/mutation-run.ts';

/**
 * The long run of the gate's property tests:
 * `node server/test/gate-campaign.ts --mutations 1000000 --honest 100000 --seed 1`. Exit code 1 on any finding.
 */
const { values } = parseArgs({
  options: {
    mutations: { type: 'string', default: '1000000' },
    honest: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Prints a line at most every ten seconds. */
function progress(what: string, total: number): (done: number) => void {
  let last = performance.now();
  return (done) => {
    if (performance.now() - last < 10_000) return;
    last = performance.now();
    print(`${what}: ${done} of ${total}`);
  };
}

print(`seed ${seed}`);
const onHonest = progress('honest', Number(values.honest));
const honest = runHonest({ seed, count: Number(values.honest), onWorld: (report) => onHonest(report.updates) });
const micros = (milliseconds: number): string => ((milliseconds * 1000) / Math.max(1, honest.edits)).toFixed(2);
print(`honest updates ${honest.updates} (${honest.edits} of them single edits, mean ${Math.round(honest.bytes / Math.max(1, honest.edits))} bytes)`);
print(`cost per honest edit: parse and gate ${micros(honest.gateTime)} us, apply ${micros(honest.applyTime)} us`);

const onMutation = progress('mutations', Number(values.mutations));
const mutated = runMutations({ seed, count: Number(values.mutations), onWorld: (report) => onMutation(report.mutations) });
const refused = [...mutated.refused].map(([code, count]) => `${code} ${count}`).join(', ');
print(`mutations ${mutated.mutations}: accepted ${mutated.accepted}, gaps ${mutated.gaps}, of these in parts ${mutated.parts}, refused: ${refused}`);

const findings = [...honest.findings, ...mutated.findings];
for (const finding of findings) print(`FINDING ${finding}`);
print(`findings ${findings.length}`);
process.exitCode = findings.length > 0 ? 1 : 0;
