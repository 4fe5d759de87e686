/** Entry of the load generator, a process of its own: takes a plan as JSON argument, prints the result as JSON. */
import type { LoadPlan } from './load-plan.ts';
import { runLoad } from './run-load.ts';

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
process.stdout.write(`${JSON.stringify(await runLoad(plan))}\n`, () => process.exit(0));
