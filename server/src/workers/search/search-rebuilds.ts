import { toScriptoriumError } from '../../core/errors.ts';
import { inBackground, type Service, withDeadline } from '../../service.ts';
import { rebuildIndex, type RebuildDeps, type RebuildProgress } from './rebuild-index.ts';

/** The last rebuild of this node's index; `idle` before the first. Times are wall-clock milliseconds. */
export type RebuildStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly startedAt: number; readonly progress: RebuildProgress }
  | {
      readonly state: 'finished';
      readonly startedAt: number;
      readonly endedAt: number;
      readonly progress: RebuildProgress;
    }
  | { readonly state: 'failed'; readonly startedAt: number; readonly endedAt: number; readonly reason: string };

/** Rebuilds of the search index, one at a time, in the background. */
export interface SearchRebuilds extends Service {
  /** Begins one, unless one is running. */
  start(): RebuildStatus;
  status(): RebuildStatus;
}

const NOTHING_YET: RebuildProgress = { step: 'filling', documents: 0, filled: 0, leftOut: 0 };

export function createSearchRebuilds(deps: Omit<RebuildDeps, 'isStopped'>): SearchRebuilds {
  const { clock } = deps;
  const { log } = deps.telemetry;
  let stopped = false;
  let status: RebuildStatus = { state: 'idle' };
  let running: Promise<void> = Promise.resolve();
  const run = async (startedAt: number): Promise<void> => {
    const isStopped = (): boolean => stopped;
    try {
      const progress = await rebuildIndex({ ...deps, isStopped }, (seen) => {
        status = { state: 'running', startedAt, progress: seen };
      });
      status = { state: 'finished', startedAt, endedAt: clock.now(), progress };
      log.info('search_rebuilt', { documents: progress.filled, milliseconds: clock.now() - startedAt });
    } catch (error) {
      const { code, detail } = toScriptoriumError(error);
      status = { state: 'failed', startedAt, endedAt: clock.now(), reason: detail ?? code };
      log.warn('search_rebuild_failed', {}, error);
    }
  };
  return {
    name: 'search-rebuilds',
    start: () => {
      if (status.state === 'running' || stopped) return status;
      const startedAt = clock.now();
      status = { state: 'running', startedAt, progress: NOTHING_YET };
      running = run(startedAt);
      inBackground(log, 'search_rebuild_failed', running);
      return status;
    },
    status: () => status,
    drain: async (milliseconds) => {
      stopped = true;
      await withDeadline(clock, milliseconds / 2, running);
    },
  };
}
