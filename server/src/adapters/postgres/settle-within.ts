import type { Clock } from '../../ports/clock.ts';
import { unanswered } from './postgres-failures.ts';

/** What the promise settles with, or a rejection with `storage-unavailable` once the milliseconds are over. */
export function settleWithin<T>(clock: Clock, milliseconds: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(milliseconds, () => reject(unanswered()));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
