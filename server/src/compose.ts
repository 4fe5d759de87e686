import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAccess } from './access/access.ts';
import { createAccessWatch } from './access/access-watch.ts';
import { createCredentialVerifier } from './access/credential-verifier.ts';
import { createKeyRing } from './access/key-ring.ts';
import { createFilesystemSnapshotStore } from './adapters/filesystem/snapshot-store.ts';
import { createInProcessAccessHints } from './adapters/in-process/access-hints.ts';
import { createInProcessFanOut } from './adapters/in-process/fan-out.ts';
import { createDevelopmentIssuer } from './adapters/jwt/development-issuer.ts';
import { loadDevelopmentSecret } from './adapters/jwt/development-secret.ts';
import { createJwtVerifier } from './adapters/jwt/jwt-verifier.ts';
import { createRemoteKeySet } from './adapters/jwt/remote-key-set.ts';
import { createAccessChangeLog } from './adapters/sql/access-changes.ts';
import { createApiKeyStore } from './adapters/sql/api-key-store.ts';
import { createDocumentCatalog } from './adapters/sql/document-catalog.ts';
import { createGrantStore } from './adapters/sql/grant-store.ts';
import { createStoredHistory } from './adapters/sql/stored-history.ts';
import { openSqlite } from './adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from './adapters/sqlite/update-log.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { delayAppends } from './adapters/system/delayed-log.ts';
import { layerSnapshots } from './adapters/system/layered-snapshots.ts';
import type { HealthProbe } from './api/api-deps.ts';
import { createApi } from './api/create-api.ts';
import type { Config } from './config.ts';
import { ScriptoriumError } from './core/errors.ts';
import { parseTokenClaims } from './core/token-claims.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createRateLimitedLog } from './observability/rate-limited-log.ts';
import type { Clock } from './ports/clock.ts';
import type { FanOut } from './ports/fan-out.ts';
import type { SnapshotStore } from './ports/snapshot-store.ts';
import type { Telemetry } from './ports/telemetry.ts';
import { createHeadWatch } from './rooms/head-watch.ts';
import { createLiveDocuments } from './rooms/live-documents.ts';
import { createRoomRegistry, type RoomRegistry } from './rooms/room-registry.ts';
import { createUpdateWriter } from './rooms/update-writer.ts';
import { drainServices, type Service } from './service.ts';
import { createArchiver } from './workers/archiver.ts';
import { createCompactor } from './workers/compactor.ts';
import { createMergeThread } from './workers/merge-thread.ts';
import { createSweeper } from './workers/sweeper.ts';

/** A node that serves. */
export interface Node {
  readonly port: number;
  /** Whether people sign in by name alone. */
  readonly development: boolean;
  /** Stops taking work, commits what is pending, and closes everything; within the configured time whatever is down. */
  stop(): Promise<void>;
}

/** What every part of a node stands on. */
interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Random identity of this run. */
  readonly node: string;
}

/** Largest row that travels to other nodes; of a larger one they are told, and read it from the log. */
const RELAY_INLINE_BYTES = 64 * 1024;
const AWARENESS_LIMITS = { statesPerSession: 8, stateBytes: 16 * 1024 } as const;
/** Milliseconds between two log lines about the same thing that a client can cause at will. */
const WARNING_INTERVAL = 10_000;
/** Few rows that had to be archived because of their age are not worth an object. */
const INLINE_SEGMENT_BYTES = 16 * 1024;
/** Milliseconds of the shutdown time that are left to end the process by itself. */
const SHUTDOWN_RESERVE = 500;

/** Puts the parts of one node together and starts it. The only place that knows which technology stands behind a port. */
export async function startNode(config: Config, version: string): Promise<Node> {
  const clock = createSystemClock();
  const metrics = createMetrics();
  const log = createLogger({ level: config.logLevel });
  const telemetry = { log, metrics };
  const ground: Ground = { config, clock, telemetry, node: randomUUID() };
  const stores = await openStores(ground);
  const live = createLive(ground, { ...stores, fanOut: await openFanOut(ground) });
  const identity = await createIdentity(ground, stores);
  const { verifier, developmentIssuer, access } = identity;
  const warnings = createRateLimitedLog({ log, clock, intervalMs: WARNING_INTERVAL });
  const gateway = createGateway({ ...ground, ...stores, verifier, access, rooms: live.rooms, warnings });
  const state = { started: false, draining: false };
  const api = await createApi({
    ...identity,
    config,
    version,
    catalog: stores.catalog,
    grants: stores.grants,
    keys: stores.keys,
    documents: createLiveDocuments({ ...stores, telemetry, rooms: live.rooms }),
    appDirectory: findApp(),
    health: createHealthProbe(state, () => live.writer.healthy),
    metricsPage: () => metrics.page(),
    telemetry,
    clock,
  });
  gateway.attach(api.server);
  const port = await listen(api, config, developmentIssuer !== null);
  state.started = true;
  const apiService: Service = { name: 'api', drain: () => api.close() };
  const services = [gateway, identity.watch, ...live.services, apiService, stores.service];
  const within = config.shutdownTimeoutMs - SHUTDOWN_RESERVE;
  return {
    port,
    development: developmentIssuer !== null,
    stop: () => {
      state.draining = true;
      return drainServices(services, { within, now: () => clock.monotonic(), log });
    },
  };
}

/** The embedded stores: one SQLite database, and a directory or a bucket for what is large. */
async function openStores(ground: Ground) {
  const { config, clock, telemetry } = ground;
  const snapshots = await openSnapshots(ground);
  const sqlite = await openSqlite({ directory: config.dataDir, clock, log: telemetry.log });
  const sqliteLog = createSqliteUpdateLog(sqlite);
  const service: Service = { name: 'sqlite', drain: () => sqlite.close() };
  return {
    log: config.testAppendDelayMs === 0 ? sqliteLog : delayAppends(sqliteLog, clock, config.testAppendDelayMs),
    ...createStoredHistory({ database: sqlite.database }),
    catalog: createDocumentCatalog({ database: sqlite.database }),
    grants: createGrantStore({ database: sqlite.database }),
    keys: createApiKeyStore({ database: sqlite.database }),
    accessChanges: createAccessChangeLog({ database: sqlite.database }),
    snapshots,
    service,
  };
}

/** The client of object stores is large, so it is loaded only by those who use one. */
async function openSnapshots({ config, clock, telemetry }: Ground): Promise<SnapshotStore> {
  const files = createFilesystemSnapshotStore({ directory: join(config.dataDir, 'snapshots') });
  const { objects } = config.stores;
  if (objects === null) return files;
  const { openS3 } = await import('./adapters/s3/open-s3.ts');
  // What was written before there was a bucket is still read from where it is.
  return layerSnapshots(await openS3({ settings: objects, clock, log: telemetry.log }), files);
}

/** How this node hears of others. Redis is loaded only where it is used: alone, a node need not pay for it. */
async function openFanOut({ config, clock, telemetry, node }: Ground): Promise<FanOut> {
  const { redis } = config.stores;
  if (redis === null) return createInProcessFanOut({ node });
  const { openRedisFanOut } = await import('./adapters/redis/open-redis-fan-out.ts');
  return openRedisFanOut({ ...redis, node, clock, telemetry, inlineBytes: RELAY_INLINE_BYTES });
}

type Stores = Awaited<ReturnType<typeof openStores>> & { readonly fanOut: FanOut };

/** Live documents: rooms, the writer they share, and what keeps them level with the log and the log short. */
function createLive(ground: Ground, stores: Stores) {
  const { config, clock, telemetry, node } = ground;
  const maxPendingBytes = config.limits.writerPendingBytes;
  const writer = createUpdateWriter({ log: stores.log, clock, telemetry, incarnation: node, maxPendingBytes });
  const { compactor, background } = createBackground(ground, stores, () => rooms);
  const rooms: RoomRegistry = createRoomRegistry({
    ...stores,
    writer,
    clock,
    telemetry,
    node,
    awarenessLimits: AWARENESS_LIMITS,
    onTail: (tail, idle) => {
      compactor.consider(tail, idle);
    },
  });
  const headWatch = createHeadWatch({ ...stores, telemetry, rooms, clock });
  const relay: Service = { name: 'fan-out', drain: (milliseconds) => stores.fanOut.drain(milliseconds) };
  // The fan-out last: what the writer commits on its way out is still told.
  return { rooms, writer, services: [headWatch, rooms, writer, ...background, relay] };
}

/** What folds, archives and tidies up behind the rooms. */
function createBackground(ground: Ground, stores: Stores, rooms: () => RoomRegistry) {
  const { config, clock, telemetry } = ground;
  const { inlineBytes: inlineSnapshotBytes, keepDays, rowMinAge, deletedAfter } = config.stores;
  const deps = { ...stores, clock, telemetry, rooms };
  const merger = createMergeThread({ clock, log: telemetry.log });
  const archiver = createArchiver({ ...deps, inlineSegmentBytes: INLINE_SEGMENT_BYTES });
  const compactor = createCompactor({ ...deps, merger, archiver, inlineSnapshotBytes, keepDays });
  const limits = { rowMinAge, archiveAfter: rowMinAge / 2, deletedAfter, dropsRows: true };
  const sweeper = createSweeper({ ...deps, compactor, archiver, limits });
  return { compactor, background: [sweeper, compactor, merger] };
}

/** Who tokens are taken from, and what the store adds; without a secret or key set, people sign in by name alone. */
async function createIdentity({ config, clock, telemetry }: Ground, stores: Awaited<ReturnType<typeof openStores>>) {
  const { tokens } = config;
  const { log } = telemetry;
  const isDevelopment = tokens.secret === null && tokens.keySet === null;
  const developmentSecret = isDevelopment ? await loadDevelopmentSecret(config.dataDir) : null;
  const jwtVerifier = createJwtVerifier({
    ...tokens,
    secret: tokens.secret ?? developmentSecret,
    keySet:
      tokens.keySet === null
        ? null
        : { ...tokens.keySet, keys: createRemoteKeySet({ url: tokens.keySet.url, clock, log }) },
    clock,
    parseClaims: (payload) => parseTokenClaims(payload, tokens.defaultRole),
  });
  const hints = createInProcessAccessHints();
  const keyRing = createKeyRing({ keys: stores.keys, clock, log });
  const access = createAccess({ grants: stores.grants, keyRing, clock });
  const watch = createAccessWatch({ access, changes: stores.accessChanges, hints, keyRing, clock, telemetry });
  return {
    verifier: createCredentialVerifier({ tokens: jwtVerifier, keyRing, grants: stores.grants }),
    developmentIssuer:
      developmentSecret === null ? null : createDevelopmentIssuer({ secret: developmentSecret, clock }),
    access,
    watch,
    noteAccessChange: async (revision: number) => {
      hints.publish(revision);
      await watch.look();
    },
  };
}

function createHealthProbe(
  state: { readonly started: boolean; readonly draining: boolean },
  storeAnswers: () => boolean,
): HealthProbe {
  const unavailable = (reason: string) => Promise.resolve({ kind: 'unavailable', reason } as const);
  return {
    started: () => state.started,
    readiness: () => {
      if (state.draining) return unavailable('the server is going away');
      return storeAnswers() ? Promise.resolve({ kind: 'ready' }) : unavailable('the store does not answer');
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
