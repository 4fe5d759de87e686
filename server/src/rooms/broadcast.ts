import { mergeUpdates } from 'yjs';
import { planBroadcastDelay } from '../core/batching.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { outboundUpdate } from './outbound.ts';
import type { RoomSession } from './room-session.ts';

/** Most updates merged into one frame: merging is quadratic in their number. */
const MERGE_LIMIT = 500;

interface Pending {
  readonly update: Uint8Array;
  readonly origin: RoomSession;
}

/** Sends applied updates to the room's other writers, collected over a window that grows with their number. */
export interface Broadcast {
  push(update: Uint8Array, origin: RoomSession): void;
  flush(): void;
  stop(): void;
}

export function createBroadcast(deps: {
  readonly clock: Clock;
  readonly sessions: ReadonlySet<RoomSession>;
}): Broadcast {
  let pending: Pending[] = [];
  let timer: Timer | null = null;

  const flush = (): void => {
    timer?.cancel();
    timer = null;
    const batch = pending;
    pending = [];
    const first = batch[0];
    if (first === undefined) return;
    // The sender of a batch knows it already; in a mixed one an echo costs less than another encoding.
    const only = batch.every((entry) => entry.origin === first.origin) ? first.origin : null;
    for (const update of mergeInOrder(batch.map((entry) => entry.update))) {
      const outbound = outboundUpdate(update);
      for (const session of deps.sessions) if (session !== only && session.writable) session.send(outbound);
    }
  };

  return {
    push(update, origin) {
      if (deps.sessions.size === 1 && deps.sessions.has(origin)) return;
      pending.push({ update, origin });
      if (timer !== null) return;
      const delay = planBroadcastDelay(deps.sessions.size);
      timer = delay === 0 ? deps.clock.soon(flush) : deps.clock.after(delay, flush);
    },
    flush,
    stop() {
      timer?.cancel();
      timer = null;
      pending = [];
    },
  };
}

/** Merges updates into as few as the limit allows, keeping their order. */
export function mergeInOrder(updates: readonly Uint8Array[]): readonly Uint8Array[] {
  if (updates.length <= 1) return updates;
  const merged: Uint8Array[] = [];
  for (let from = 0; from < updates.length; from += MERGE_LIMIT) {
    merged.push(mergeUpdates(updates.slice(from, from + MERGE_LIMIT)));
  }
  return merged;
}
