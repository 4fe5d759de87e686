import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { createSystemClock } from './adapters/system/clock.ts';
import { createNodeApi, type NodeState } from './compose-api.ts';
import { createNodeGateway } from './compose-gateway.ts';
import type { Ground } from './compose-ground.ts';
import { createParts } from './compose-parts.ts';
import type { Config } from './config.ts';
import { ScriptoriumError } from './core/errors.ts';
import { HTTP_LIMITS } from './core/limits-http.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import type { Clock } from './ports/clock.ts';
import { drainServices, drainTogether, withDeadline, type Service } from './service.ts';

/** A node that serves. */
export interface Node {
  readonly port: number;
  /** Whether people sign in by name alone. */
  readonly development: boolean;
  /**
   * Stops taking work, commits what is pending, and closes everything; within the configured time whatever is down.
   * `atOnce` leaves out the pause for load balancers. Returns the names of the parts that did not finish.
   */
  stop(options?: { readonly atOnce: boolean }): Promise<readonly string[]>;
}

/** Milliseconds of the shutdown time that are left to end the process by itself. */
const SHUTDOWN_RESERVE = 500;

/** Puts the parts of one node together and starts it. The only place that knows which technology stands behind a port. */
export async function startNode(config: Config, version: string): Promise<Node> {
  const clock = createSystemClock();
  const metrics = createMetrics({ tenants: config.metricsTenants });
  const log = createLogger({ level: config.logLevel });
  const ground: Ground = { config, clock, telemetry: { log, metrics }, node: randomUUID() };
  const state: NodeState = { started: false, draining: false };
  const parts = await createParts(ground);
  const gateway = createNodeGateway(ground, parts);
  const api = await createNodeApi(ground, parts, { version, state, metrics });
  const development = parts.identity.developmentIssuer !== null;
  gateway.attach(api.server);
  const port = await listen(api, config, development);
  state.started = true;
  // Nobody comes in any more before anything else ends.
  const front = drainTogether('front', [gateway, parts.events.eventFeed, createApiService(api, clock)]);
  return {
    port,
    development,
    stop: async ({ atOnce } = { atOnce: false }) => {
      state.draining = true;
      const pause = atOnce ? 0 : config.shutdownPauseMs;
      if (pause > 0) await new Promise<void>((resolve) => clock.after(pause, resolve));
      const time = Math.max(0, config.shutdownTimeoutMs - SHUTDOWN_RESERVE - pause);
      return drainServices({ clock, log }, [front, ...parts.services], time);
    },
  };
}

/** The HTTP side: takes no connection any more, and waits a moment for what is under way, however slow its clients are. */
function createApiService(api: FastifyInstance, clock: Clock): Service {
  return {
    name: 'api',
    drain: async (milliseconds) => {
      const closed = api.close();
      const patience = Math.min(HTTP_LIMITS.stopMs, milliseconds / 2);
      if ((await withDeadline(clock, patience, closed)).kind === 'late') api.server.closeAllConnections();
      await closed;
    },
  };
}

const LOOPBACK_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;

async function listen(api: FastifyInstance, config: Config, development: boolean): Promise<number> {
  await api.listen({ host: config.host, port: config.port });
  const address = api.server.address();
  const bound = typeof address === 'object' && address !== null ? address : { address: '', port: config.port };
  // What the name of the host leads to is up to the machine.
  if (development && !LOOPBACK_ADDRESS.test(bound.address)) {
    await api.close();
    throw new ScriptoriumError(
      'forbidden',
      `HOST=${config.host} can be reached by others. Set JWT_SECRET or JWKS_URL.`,
    );
  }
  return bound.port;
}
