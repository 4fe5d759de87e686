import type { Clock, Timer } from '../ports/clock.ts';
import { inBackground } from '../service.ts';
import { compareHeads, type CatchUpDeps } from './catch-up.ts';
import type { Room } from './room.ts';

/** Compares single rooms with the log's head, all those of one turn in one query. */
export interface HeadComparison {
  ask(room: Room): void;
}

export function createHeadComparison(deps: CatchUpDeps & { readonly clock: Clock }): HeadComparison {
  const asked = new Set<Room>();
  let timer: Timer | null = null;
  const compare = (): void => {
    timer = null;
    const rooms = [...asked].filter((room) => !room.discarded);
    asked.clear();
    inBackground(deps.telemetry.log, 'head_comparison_failed', compareHeads(deps, rooms));
  };
  return {
    ask(room) {
      asked.add(room);
      timer ??= deps.clock.soon(compare);
    },
  };
}
