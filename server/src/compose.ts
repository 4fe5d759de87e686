import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createProxyTrust } from './access/client-address.ts';
import { createTenantQuotas } from './access/tenant-quotas.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import type { HealthProbe } from './api/api-deps.ts';
import { createApi } from './api/create-api.ts';
import type { Ground } from './compose-ground.ts';
import { createNodeGateway } from './compose-gateway.ts';
import { createIdentity } from './compose-identity.ts';
import { createLive } from './compose-live.ts';
import { createPast } from './compose-past.ts';
import { createSearch, listenToCommits } from './compose-search.ts';
import { openStores } from './compose-stores.ts';
import type { Config } from './config.ts';
import { ScriptoriumError } from './core/errors.ts';
import { HTTP_LIMITS } from './core/limits-http.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import type { Clock } from './ports/clock.ts';
import { createLiveDocuments } from './rooms/live-documents.ts';
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
  const metrics = createMetrics();
  const log = createLogger({ level: config.logLevel });
  const telemetry = { log, metrics };
  const ground: Ground = { config, clock, telemetry, node: randomUUID() };
  const { stores: opened, onCommit } = listenToCommits(await openStores(ground));
  const quotas = createTenantQuotas({ ...ground, usage: opened.usage, limits: config.limits.tenant });
  const stores = { ...opened, catalog: quotas.limit(opened.catalog) };
  const live = createLive(ground, stores, (documentIds) => search?.erase(documentIds) ?? Promise.resolve());
  const identity = await createIdentity(ground, stores);
  const proxies = createProxyTrust(config.trustedProxies);
  const gateway = createNodeGateway({ ground, stores, identity, live, quotas, proxies });
  const documents = createLiveDocuments({ ...stores, ...ground, rooms: live.rooms });
  const search = await createSearch({ ground, stores, documents, onCommit });
  const past = createPast(ground, stores, live.rooms);
  const state = { started: false, draining: false };
  const api = await createApi({
    ...identity,
    config,
    proxies,
    rateWindows: stores.rateWindows,
    version,
    catalog: stores.catalog,
    grants: stores.grants,
    keys: stores.keys,
    documents,
    search: search === null ? null : { ...search.parts, freshen: () => identity.watch.look() },
    ...past,
    appDirectory: findApp(),
    health: createHealthProbe(state, async () =>
      live.writer.healthy ? stores.findTrouble() : 'the store does not answer',
    ),
    metricsPage: () => metrics.page(),
    telemetry,
    clock,
  });
  gateway.attach(api.server);
  const port = await listen(api, config, identity.developmentIssuer !== null);
  state.started = true;
  // Nobody comes in any more; then what is pending is committed, rooms are let go of, and the stores closed.
  const front = drainTogether('front', [gateway, createApiService(api, clock)]);
  const limits = { name: 'limits', drain: async () => stores.rateWindows.close() };
  const services = [
    front,
    identity.watch,
    past.service,
    ...live.services,
    ...(search?.services ?? []),
    limits,
    stores.service,
  ];
  return {
    port,
    development: identity.developmentIssuer !== null,
    stop: async ({ atOnce } = { atOnce: false }) => {
      state.draining = true;
      const pause = atOnce ? 0 : config.shutdownPauseMs;
      if (pause > 0) await new Promise<void>((resolve) => clock.after(pause, resolve));
      return drainServices({ clock, log }, services, Math.max(0, config.shutdownTimeoutMs - SHUTDOWN_RESERVE - pause));
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

function createHealthProbe(
  state: { readonly started: boolean; readonly draining: boolean },
  findTrouble: () => Promise<string | null>,
): HealthProbe {
  return {
    started: () => state.started,
    readiness: async () => {
      const reason = state.draining ? 'the server is going away' : await findTrouble();
      return reason === null ? { kind: 'ready' } : { kind: 'unavailable', reason };
    },
  };
}

/** The built browser app, beside the server in the tree; `null` where it was not built. */
function findApp(): string | null {
  const directory = join(import.meta.dirname, '../../client/dist');
  return existsSync(join(directory, 'index.html')) ? directory : null;
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
