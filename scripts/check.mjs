// `npm run check`: types, lint, format, imports, unused code, sizes, and the rules about the tree itself.
// Arguments choose steps by the start of their names: `npm run check -- lint types`.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listSteps } from './check/steps.mjs';
import { runSteps } from './check/run-steps.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
const steps = listSteps(root).filter((step) => wanted.length === 0 || wanted.some((it) => step.name.startsWith(it)));
if (steps.length === 0) {
  console.error(
    `there is no step ${wanted.join(' ')}: ${listSteps(root)
      .map((it) => it.name)
      .join(', ')}`,
  );
  process.exit(1);
}
const started = performance.now();
const failed = await runSteps({ root, steps });
const time = ((performance.now() - started) / 1000).toFixed(1);
const verdict = failed.length === 0 ? 'clean' : `${failed.length} failed (${failed.join(', ')})`;
console.log(`check: ${steps.length} steps in ${time} s, ${verdict}`);
process.exitCode = failed.length === 0 ? 0 : 1;
