import type { Clock, Timer } from '../ports/clock.ts';
import type { FanOut } from '../ports/fan-out.ts';
import { inBackground, type Service } from '../service.ts';
import { compareHeads, type CatchUpDeps } from './catch-up.ts';
import type { RoomRegistry } from './room-registry.ts';

/** So short that rooms are equal within five seconds whatever was lost, with time to read and to come back. */
const INTERVAL = 3_000;
const INTERVAL_WITHOUT_FAN_OUT = 500;

/**
 * Compares every open room with the log's head, so that a lost relay delays an edit and never loses it: every three
 * seconds, twice a second while the fan-out is away, and at once when it goes or comes back.
 */
export function createHeadWatch(
  deps: CatchUpDeps & { readonly rooms: RoomRegistry; readonly fanOut: FanOut; readonly clock: Clock },
): Service {
  const { metrics, log } = deps.telemetry;
  let stopped = false;
  let timer: Timer | null = null;
  let comparing = false;
  let again = false;

  const compare = async (): Promise<void> => {
    if (comparing) {
      again = true;
      return;
    }
    comparing = true;
    do {
      again = false;
      await compareHeads(deps, deps.rooms.all());
    } while (again);
    comparing = false;
    arm();
  };
  const start = (): void => {
    timer?.cancel();
    inBackground(log, 'head_watch_failed', compare());
  };
  const arm = (): void => {
    if (stopped) return;
    timer = deps.clock.after(deps.fanOut.healthy() ? INTERVAL : INTERVAL_WITHOUT_FAN_OUT, start);
  };

  metrics.gauge('fan_out_healthy', deps.fanOut.healthy() ? 1 : 0);
  const forget = deps.fanOut.onHealth((healthy) => {
    metrics.gauge('fan_out_healthy', healthy ? 1 : 0);
    if (healthy) log.info('fan_out_healthy');
    else log.warn('fan_out_away');
    start();
  });
  arm();
  return {
    name: 'head-watch',
    drain() {
      stopped = true;
      forget();
      timer?.cancel();
      return Promise.resolve();
    },
  };
}
