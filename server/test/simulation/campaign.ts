import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Explanation, WorkerAnswer, WorkerRequest } from './campaign-worker.ts';
import type { History } from './history.ts';
import type { Report } from './simulation.ts';

/** Histories that a worker is given at once. */
const PORTION = 5;

export interface CampaignOptions {
  readonly histories: readonly History[];
  /** Ends after so many failures. */
  readonly mostFailures?: number;
  /** Told after each portion. */
  readonly onProgress?: (played: number) => void;
}

interface Failure {
  readonly history: History;
  readonly report: Report;
}

export interface CampaignResult {
  /** In the order in which they were done. */
  readonly reports: readonly Report[];
  readonly failures: readonly Failure[];
}

/** Plays histories, each on its own, in as many threads as there are processors. */
export async function runCampaign({
  histories,
  mostFailures = 1,
  onProgress,
}: CampaignOptions): Promise<CampaignResult> {
  const reports: Report[] = [];
  const failures: Failure[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const thread = startThread();
    try {
      while (next < histories.length && failures.length < mostFailures) {
        const portion = histories.slice(next, next + PORTION);
        next += PORTION;
        const answer = await thread.ask({ kind: 'play', histories: portion });
        if (answer.kind !== 'played') throw new Error('a worker answered something else');
        reports.push(...answer.reports);
        failures.push(...failuresOf(portion, answer.reports));
        onProgress?.(reports.length);
      }
    } finally {
      await thread.end();
    }
  };
  const threads = Math.min(availableParallelism(), Math.ceil(histories.length / PORTION));
  await Promise.all(Array.from({ length: threads }, work));
  return { reports, failures };
}

function failuresOf(histories: readonly History[], reports: readonly Report[]): readonly Failure[] {
  return reports.flatMap((report, index) => {
    const history = histories[index];
    return history === undefined || report.findings.length === 0 ? [] : [{ history, report }];
  });
}

/** What happened how often in all of them. */
export function countAll(reports: readonly Report[]): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const { counts } of reports)
    for (const [name, count] of Object.entries(counts)) totals.set(name, (totals.get(name) ?? 0) + count);
  return totals;
}

/** One line about a campaign. */
export function describeTotals(reports: readonly Report[]): string {
  const totals = [...countAll(reports)].map(([name, total]) => `${name} ${total}`);
  return `${reports.length} histories: ${totals.join(', ')}`;
}

/** Shrinks a failing history and tells what is left of it. */
export async function explainFailure(history: History): Promise<Explanation> {
  const thread = startThread();
  try {
    const answer = await thread.ask({ kind: 'explain', history });
    if (answer.kind !== 'explained') throw new Error('a worker answered something else');
    return answer.explanation;
  } finally {
    await thread.end();
  }
}

/** One worker thread: a run replaces globals, and the thread keeps that to itself. */
function startThread() {
  const worker = new Worker(new URL('campaign-worker.ts', import.meta.url));
  const ask = (request: WorkerRequest): Promise<WorkerAnswer> =>
    new Promise((resolve, reject) => {
      const forget = (): void => void worker.off('message', onMessage).off('error', onError);
      const onMessage = (answer: WorkerAnswer): void => {
        forget();
        resolve(answer);
      };
      const onError = (error: unknown): void => {
        forget();
        reject(error instanceof Error ? error : new Error('a worker failed', { cause: error }));
      };
      worker.on('message', onMessage).on('error', onError);
      worker.postMessage(request);
    });
  return { ask, end: () => worker.terminate() };
}
