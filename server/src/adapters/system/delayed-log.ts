import type { Clock } from '../../ports/clock.ts';
import type { UpdateLog } from '../../ports/update-log.ts';

/** A log whose appends wait first: lets a test see what is claimed while nothing is committed. Never used in production. */
export function delayAppends(log: UpdateLog, clock: Clock, milliseconds: number): UpdateLog {
  return {
    ...log,
    append: async (batch) => {
      await new Promise<void>((resolve) => {
        clock.after(milliseconds, resolve);
      });
      return log.append(batch);
    },
  };
}
