import { parentPort, workerData } from 'node:worker_threads';
import { runMutations } from '../../../server/test/support/mutation-run.ts';

/** Mutations of honest updates in a thread of their own; answers with the report of each seed that it is given. */
const { runs } = workerData as { runs: readonly { readonly seed: number; readonly count: number }[] };
const reports = runs.map((run) => runMutations(run));
parentPort?.postMessage({
  mutations: reports.reduce((sum, it) => sum + it.mutations, 0),
  accepted: reports.reduce((sum, it) => sum + it.accepted, 0),
  findings: reports.flatMap((it) => it.findings),
});
