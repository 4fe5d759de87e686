import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { withDeadline } from '../../support/wait-until.ts';
import type { CanaryCommand, CanaryReport, CanaryRun } from './canary-messages.ts';

/** Two innocent clients in a document of their own: one types, fifty keystrokes a second, and the other one reads. */
export interface Canary {
  readonly document: string;
  /** Types from now on, and watches the memory of the server's process. */
  begin(pid: number): Promise<void>;
  /** Stops, waits so long for what is on its way, and tells what it met. */
  end(patienceMs: number): Promise<CanaryRun>;
  dispose(): Promise<void>;
}

/** Starts the thread of a canary; it connects when it begins. */
export function createCanary(place: {
  readonly url: string;
  readonly document: string;
  readonly token: string;
}): Canary {
  const worker = new Worker(new URL('canary-worker.ts', import.meta.url), { workerData: place });
  const ask = async (command: CanaryCommand): Promise<CanaryReport> => {
    worker.postMessage(command);
    const [report] = (await withDeadline(once(worker, 'message'), {
      what: `the canary answers to ${command.kind}`,
      timeoutMs: 60_000,
    })) as [CanaryReport];
    return report;
  };
  return {
    document: place.document,
    async begin(pid) {
      await ask({ kind: 'begin', pid });
    },
    async end(patienceMs) {
      const report = await ask({ kind: 'end', patienceMs });
      if (report.kind !== 'ended') throw new Error('the canary has not ended');
      return report;
    },
    async dispose() {
      await worker.terminate();
    },
  };
}

/** The value that so large a share of the samples does not exceed; 0 of none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
