import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { ClientSocket } from './client-socket.ts';
import { lifeSignFrame } from './frames.ts';
import type { OutputPool } from './output-pool.ts';
import type { SessionTable } from './session-table.ts';

/** What it needs of a socket, and of the socket's sessions. */
export type HouseSocket = Pick<ClientSocket, 'endSlowReader'> & {
  readonly output: Pick<ClientSocket['output'], 'stalledFor'>;
  readonly replies: Pick<ClientSocket['replies'], 'inFlight'>;
};
export type HouseTable = Pick<SessionTable, 'size' | 'sessions'>;

const INTERVAL = 5_000;
/** A session that was sent nothing for this long gets a life sign; with the interval it is never over 15 s. */
const QUIET = 9_000;
/** A reader that has made no progress for this long is cut. */
const STALLED = 30_000;

/**
 * The gateway's one interval: life signs for quiet sessions (a provider that hears no protocol frame for 30 s takes the
 * connection for dead, whatever the WebSocket's pings say), and an end for readers that make no progress.
 */
export function startHousekeeping(deps: {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly tables: ReadonlyMap<HouseSocket, HouseTable>;
  readonly pool: Pick<OutputPool, 'bytes'>;
}): { stop(): void } {
  const { clock } = deps;
  let stopped = false;

  const visit = (socket: HouseSocket, table: HouseTable, now: number): void => {
    if (socket.output.stalledFor(now, socket.replies.inFlight) >= STALLED) {
      socket.endSlowReader();
      return;
    }
    for (const session of table.sessions()) {
      if (now - session.lastSentAt >= QUIET) session.sendFrame(lifeSignFrame(session.address));
    }
  };

  const run = (): void => {
    const now = clock.monotonic();
    let sessions = 0;
    if (!stopped) timer = clock.after(INTERVAL, run);
    for (const [socket, table] of deps.tables) {
      try {
        visit(socket, table, now);
      } catch (error) {
        // One socket's trouble is no reason to leave the others unattended.
        deps.telemetry.log.error('housekeeping_failed', {}, error);
      }
      sessions += table.size;
    }
    deps.telemetry.metrics.gauge('sessions', sessions);
    deps.telemetry.metrics.gauge('output_waiting_bytes', deps.pool.bytes);
  };

  let timer = clock.after(INTERVAL, run);
  return {
    stop() {
      stopped = true;
      timer.cancel();
    },
  };
}
