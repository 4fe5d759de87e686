import { parentPort } from 'node:worker_threads';
import { describeFailure, playHistory, type History } from './history.ts';
import { shrinkHistory } from './shrink.ts';
import type { Report } from './simulation.ts';

/** What a worker is asked for: to play histories, or to find out what one needs to fail. */
export type WorkerRequest =
  | { readonly kind: 'play'; readonly histories: readonly History[] }
  | { readonly kind: 'explain'; readonly history: History };

export type WorkerAnswer =
  | { readonly kind: 'played'; readonly reports: readonly Report[] }
  | { readonly kind: 'explained'; readonly explanation: Explanation };

/** A failing history without what it does not need to fail, and what there is to say of it. */
export interface Explanation {
  readonly history: History;
  readonly report: Report;
  readonly text: string;
}

async function answer(request: WorkerRequest): Promise<WorkerAnswer> {
  if (request.kind === 'explain') {
    const history = await shrinkHistory(request.history);
    const report = await playHistory(history);
    return { kind: 'explained', explanation: { history, report, text: describeFailure(history, report) } };
  }
  const reports: Report[] = [];
  for (const history of request.histories) reports.push(await playHistory(history));
  return { kind: 'played', reports };
}

async function answerAndPost(request: WorkerRequest): Promise<void> {
  parentPort?.postMessage(await answer(request));
}

parentPort?.on('message', (request: WorkerRequest) => {
  answerAndPost(request).catch((error: unknown) => {
    // Thrown outside of any promise, it ends the worker, and whoever waits for it is told.
    setImmediate(() => {
      throw error;
    });
  });
});
