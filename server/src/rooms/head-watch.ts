import type { Clock, Timer } from '../ports/clock.ts';
import type { FanOut } from '../ports/fan-out.ts';
import { inBackground, type Service } from '../service.ts';
import { compareHead, type CatchUpDeps } from './catch-up.ts';
import type { RoomRegistry } from './room-registry.ts';

const INTERVAL = 5_000;
const INTERVAL_WITHOUT_FAN_OUT = 500;

/**
 * Compares every open room with the log's head, so that a lost relay delays an edit and never loses it: every five
 * seconds, twice a second while the fan-out is away.
 */
export function createHeadWatch(
  deps: CatchUpDeps & { readonly rooms: RoomRegistry; readonly fanOut: FanOut; readonly clock: Clock },
): Service {
  let stopped = false;
  let timer: Timer | null = null;

  const compare = async (): Promise<void> => {
    try {
      const rooms = deps.rooms.all();
      const positions = new Map(rooms.map((room) => [room, room.position]));
      const heads = rooms.length === 0 ? [] : await deps.log.readHeads(rooms.map((room) => room.documentId));
      for (const head of heads) {
        const room = deps.rooms.get(head.documentId);
        const before = room === null ? undefined : positions.get(room);
        if (room !== null && before !== undefined) compareHead(deps, room, { head, before });
      }
    } catch (error) {
      deps.telemetry.log.warn('head_watch_failed', {}, error);
    }
    arm();
  };

  const arm = (): void => {
    if (stopped) return;
    timer = deps.clock.after(deps.fanOut.healthy() ? INTERVAL : INTERVAL_WITHOUT_FAN_OUT, () => {
      inBackground(deps.telemetry.log, 'head_watch_failed', compare());
    });
  };

  arm();
  return {
    name: 'head-watch',
    drain() {
      stopped = true;
      timer?.cancel();
      return Promise.resolve();
    },
  };
}
