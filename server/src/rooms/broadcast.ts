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
  stop(): void;
}

export function createBroadcast(deps: {
  readonly clock: Clock;
  readonly sessions: ReadonlySet<RoomSession>;
}): Broadcast {
  let pending: Pending[] = [];
  let timer: Timer | null = null;

  const send = (update: Uint8Array, except: RoomSession | null): void => {
    const outbound = outboundUpdate(update);
    for (const session of deps.sessions) if (session !== except && session.writable) session.send(outbound);
  };

  const flush = (): void => {
    timer = null;
    const batch = pending;
    pending = [];
    const first = batch[0];
    if (first === undefined) return;
    // The sender of a batch knows it already; in a mixed one an echo costs less than another encoding.
    const only = batch.every((entry) => entry.origin === first.origin) ? first.origin : null;
    for (const update of mergeInOrder(batch.map((entry) => entry.update))) send(update, only);
  };

  return {
    push(update, origin) {
      const delay = planBroadcastDelay(deps.sessions.size);
      if (delay === 0 && timer === null) {
        send(update, origin);
        return;
      }
      pending.push({ update, origin });
      timer ??= deps.clock.after(delay, flush);
    },
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
