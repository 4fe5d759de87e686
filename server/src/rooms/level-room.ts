import type { Position } from '../core/sequence.ts';
import type { Clock } from '../ports/clock.ts';
import { catchUp, type CatchUpDeps } from './catch-up.ts';
import { inTime } from './document-turns.ts';
import type { Room } from './room.ts';

/** Milliseconds between two looks while somebody else reads the rows. */
const PAUSE = 5;

/**
 * Brings a room as far as a row that is known to be committed. A room of another epoch, or one that has dropped itself,
 * is left as it is. Throws `storage-unavailable` when that takes too long.
 */
export async function levelRoom(
  deps: CatchUpDeps & { readonly clock: Clock },
  room: Room,
  known: Position,
): Promise<void> {
  let waiting = true;
  const isBehind = (): boolean =>
    waiting &&
    !room.discarded &&
    room.quarantine === null &&
    room.position.epoch === known.epoch &&
    // One that is ahead of others' rows joins committed state behind them.
    (room.position.seq < known.seq || !room.level);
  if (!isBehind()) return;
  const level = async (): Promise<void> => {
    while (isBehind()) {
      await catchUp(deps, room);
      // Rows are read by one at a time, and whoever comes meanwhile returns at once.
      if (isBehind()) await new Promise<void>((resolve) => void deps.clock.after(PAUSE, resolve));
    }
  };
  try {
    await inTime(deps.clock, level());
  } finally {
    waiting = false;
  }
}
