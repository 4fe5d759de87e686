import type { Clock } from '../../ports/clock.ts';
import { sqlStateOf } from './postgres-failures.ts';

/** Serialization failure, deadlock, lock not to be had: the transaction did nothing, and the next try may go through. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);
const ATTEMPTS = 5;
/** Milliseconds before the first further try; doubled for each, with jitter. */
const FIRST_PAUSE = 20;

/** Runs a whole transaction again when it lost against another one, a few times at most. */
export async function retryConflicts<T>(clock: Clock, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (attempt === ATTEMPTS || !CONFLICTS.has(sqlStateOf(error) ?? '')) throw error;
      await pause(clock, FIRST_PAUSE * 2 ** attempt * (0.5 + clock.random() / 2));
    }
  }
}

function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve);
  });
}
