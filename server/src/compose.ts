import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createFilesystemSnapshotStore } from './adapters/filesystem/snapshot-store.ts';
import { createInProcessFanOut } from './adapters/in-process/fan-out.ts';
import { createDevelopmentIssuer } from './adapters/jwt/development-issuer.ts';
import { loadDevelopmentSecret } from './adapters/jwt/development-secret.ts';
import { createJwtVerifier } from './adapters/jwt/jwt-verifier.ts';
import { createDocumentCatalog } from './adapters/sql/document-catalog.ts';
import { openSqlite } from './adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from './adapters/sqlite/update-log.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { delayAppends } from './adapters/system/delayed-log.ts';
import type { HealthProbe } from './api/api-deps.ts';
import { createApi } from './api/create-api.ts';
import type { Config } from './config.ts';
import { parseTokenClaims } from './core/token-claims.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createRateLimitedLog } from './observability/rate-limited-log.ts';
import { createHeadWatch } from './rooms/head-watch.ts';
import { createLiveDocuments } from './rooms/live-documents.ts';
import { createRoomRegistry, type RoomRegistry } from './rooms/room-registry.ts';
import { createUpdateWriter } from './rooms/update-writer.ts';
import { drainServices, type Service } from './service.ts';
import { createCompactor } from './workers/compactor.ts';

/** A node that serves. */
export interface Node {
  readonly port: number;
  /** Whether people sign in by name alone. */
  readonly development: boolean;
  /** Stops taking work, commits what is pending, and closes everything; within the configured time whatever is down. */
  stop(): Promise<void>;
}

/** Puts the parts of one node together and starts it. The only place that knows which technology stands behind a port. */
export async function startNode(config: Config, version: string): Promise<Node> {
  const clock = createSystemClock();
  const metrics = createMetrics();
  const logger = createLogger({ level: config.logLevel });
  const telemetry = { log: logger, metrics };
  const warnings = createRateLimitedLog({ log: logger, clock, intervalMs: 10_000 });
  const node = randomUUID();

  await mkdir(config.dataDir, { recursive: true });
  const sqlite = await openSqlite({ directory: config.dataDir, clock, log: telemetry.log });
  const sqliteLog = createSqliteUpdateLog(sqlite);
  const log = config.testAppendDelayMs === 0 ? sqliteLog : delayAppends(sqliteLog, clock, config.testAppendDelayMs);
  const catalog = createDocumentCatalog({ database: sqlite.database });
  const snapshots = createFilesystemSnapshotStore({ directory: join(config.dataDir, 'snapshots') });
  const fanOut = createInProcessFanOut({ node });

  const writer = createUpdateWriter({
    log,
    clock,
    telemetry,
    incarnation: node,
    maxPendingBytes: config.limits.writerPendingBytes,
  });
  const compactor = createCompactor({ log, snapshots, clock, telemetry, rooms: () => rooms });
  const rooms: RoomRegistry = createRoomRegistry({
    log,
    snapshots,
    fanOut,
    writer,
    clock,
    telemetry,
    node,
    awarenessLimits: AWARENESS_LIMITS,
    onTail: (tail, idle) => {
      compactor.consider(tail, idle);
    },
  });
  const headWatch = createHeadWatch({ log, telemetry, rooms, fanOut, clock });

  const secret = config.tokens.secret ?? (await loadDevelopmentSecret(config.dataDir));
  const verifier = createJwtVerifier({ ...config.tokens, secret, clock, parseClaims: parseTokenClaims });
  const gateway = createGateway({ verifier, catalog, rooms, clock, telemetry, warnings, config });
  const state = { started: false, draining: false };
  const api = await createApi({
    config,
    version,
    catalog,
    documents: createLiveDocuments({ log, snapshots, telemetry, rooms }),
    verifier,
    developmentIssuer: typeof secret === 'string' ? null : createDevelopmentIssuer({ secret, clock }),
    appDirectory: findApp(),
    health: createHealthProbe(state, () => writer.healthy),
    metricsPage: () => metrics.page(),
    telemetry,
    clock,
  });
  gateway.attach(api.server);
  const port = await listen(api, config);
  state.started = true;

  return {
    port,
    development: typeof secret !== 'string',
    stop: async () => {
      state.draining = true;
      const services: readonly Service[] = [
        gateway,
        headWatch,
        rooms,
        writer,
        compactor,
        { name: 'api', drain: () => api.close() },
        { name: 'sqlite', drain: () => sqlite.close() },
      ];
      await drainServices(services, { within: config.shutdownTimeoutMs - 500, now: () => clock.monotonic(), log: logger });
    },
  };
}

const AWARENESS_LIMITS = { statesPerSession: 8, stateBytes: 16 * 1024 } as const;

function createHealthProbe(state: { started: boolean; draining: boolean }, storeAnswers: () => boolean): HealthProbe {
  return {
    started: () => state.started,
    readiness: () => {
      if (state.draining) return Promise.resolve({ kind: 'unavailable', reason: 'the server is going away' });
      if (!storeAnswers()) return Promise.resolve({ kind: 'unavailable', reason: 'the store does not answer' });
      return Promise.resolve({ kind: 'ready' });
    },
  };
}

/** The built browser app, beside the server in the tree; `null` where it was not built. */
function findApp(): string | null {
  const directory = join(import.meta.dirname, '../../client/dist');
  return existsSync(join(directory, 'index.html')) ? directory : null;
}

async function listen(api: FastifyInstance, config: Config): Promise<number> {
  await api.listen({ host: config.host, port: config.port });
  const address = api.server.address();
  return typeof address === 'object' && address !== null ? address.port : config.port;
}
