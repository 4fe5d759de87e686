import type { ErrorCode } from '@scriptorium/shared/error-codes';
import type { Clock, Timer } from '../ports/clock.ts';

/** Milliseconds after which it is looked again whether somebody who was on the way in is. */
const AGAIN = 1_000;

/**
 * Ends a socket on which nobody was let in within the time. Who is on the way in then has until that is decided, which
 * has deadlines of its own. Returns what takes the watch off the socket.
 */
export function watchLogin(
  clock: Clock,
  milliseconds: number,
  deps: {
    readonly socket: { end(code: ErrorCode): void };
    readonly table: { readonly entered: boolean; readonly size: number };
  },
): () => void {
  const { socket, table } = deps;
  const look = (): void => {
    if (table.entered) return;
    if (table.size === 0) socket.end('unauthenticated');
    else timer = clock.after(AGAIN, look);
  };
  let timer: Timer = clock.after(milliseconds, look);
  return () => {
    timer.cancel();
  };
}
