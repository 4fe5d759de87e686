import { join } from 'node:path';
import { createFilesystemSnapshotStore } from './adapters/filesystem/snapshot-store.ts';
import { createInProcessFanOut } from './adapters/in-process/fan-out.ts';
import { createAccessChangeLog } from './adapters/sql/access-changes.ts';
import { createApiKeyStore } from './adapters/sql/api-key-store.ts';
import { createAuditLog } from './adapters/sql/audit-log.ts';
import { createAuthorshipStore } from './adapters/sql/authorship-store.ts';
import { createDocumentCatalog } from './adapters/sql/document-catalog.ts';
import { createGrantStore } from './adapters/sql/grant-store.ts';
import { createStoredEvents, type StoredEvents } from './adapters/sql/stored-events.ts';
import { createJobStore } from './adapters/sql/job-store.ts';
import { createRequestLedger } from './adapters/sql/request-ledger.ts';
import { createStoredHistory, type StoredHistory } from './adapters/sql/stored-history.ts';
import { holdsBytes } from './adapters/sqlite/holds-bytes.ts';
import { openSqlite } from './adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from './adapters/sqlite/update-log.ts';
import type { PostgresStore } from './adapters/postgres/open-postgres.ts';
import { delayAppends } from './adapters/system/delayed-log.ts';
import { layerSnapshots } from './adapters/system/layered-snapshots.ts';
import { createNodeRateWindows } from './access/node-rate-windows.ts';
import type { Ground } from './compose-ground.ts';
import type { AccessChangeLog } from './ports/access-changes.ts';
import type { ApiKeyStore } from './ports/api-key-store.ts';
import type { AuditLog } from './ports/audit-log.ts';
import type { AuthorshipStore } from './ports/authorship-store.ts';
import type { DocumentCatalog } from './ports/document-catalog.ts';
import type { RateWindows } from './ports/rate-windows.ts';
import { createTenantUsageReader } from './adapters/sql/tenant-usage.ts';
import type { TenantUsageReader } from './ports/tenant-usage.ts';
import type { FanOut } from './ports/fan-out.ts';
import type { GrantStore } from './ports/grant-store.ts';
import type { PastReads } from './ports/past-reads.ts';
import type { JobStore } from './ports/job-store.ts';
import type { RequestLedger } from './ports/request-ledger.ts';
import type { SnapshotStore } from './ports/snapshot-store.ts';
import type { UpdateLog } from './ports/update-log.ts';
import type { Service } from './service.ts';

/** What keeps a node's documents, whichever technologies stand behind it. */
export interface Stores extends StoredHistory, StoredEvents {
  readonly log: UpdateLog;
  readonly catalog: DocumentCatalog;
  readonly grants: GrantStore;
  readonly keys: ApiKeyStore;
  readonly accessChanges: AccessChangeLog;
  readonly usage: TenantUsageReader;
  readonly audit: AuditLog;
  readonly authorship: AuthorshipStore;
  readonly requests: RequestLedger;
  readonly jobs: JobStore;
  readonly snapshots: SnapshotStore;
  readonly fanOut: FanOut;
  readonly rateWindows: RateWindows;
  /** For reads of the past, from a replica where there is one. */
  readonly historyReads: PastReads;
  /** Largest snapshot and largest history segment that lie in the database itself. */
  readonly inlineLimits: { readonly snapshotBytes: number; readonly segmentBytes: number };
  /** Whether rows that may go are removed one by one; PostgreSQL drops whole days. */
  readonly dropsRows: boolean;
  /** Why the database cannot be used at present; `null` when it can. */
  readonly findTrouble: () => Promise<string | null>;
  /** Closes the database, when nobody needs it any more. */
  readonly service: Service;
}

/** Few rows that had to be archived because of their age are not worth an object. */
const INLINE_SEGMENT_BYTES = 16 * 1024;
/** Largest row that travels to other nodes; of a larger one they are told, and read it from the log. */
const RELAY_INLINE_BYTES = 64 * 1024;
const DAY = 24 * 60 * 60 * 1_000;

/** Opens what the configuration names. Throws `storage-unavailable` with a detail for people. */
export async function openStores(ground: Ground): Promise<Stores> {
  const { config, clock } = ground;
  const opened = config.stores.database === null ? await openEmbedded(ground) : await openDatabaseStores(ground);
  const { log } = opened;
  return {
    ...opened,
    log: config.testAppendDelayMs === 0 ? log : delayAppends(log, clock, config.testAppendDelayMs),
    fanOut: await openFanOut(ground),
    rateWindows: await openRateWindows(ground),
  };
}

type Opened = Omit<Stores, 'fanOut' | 'rateWindows'>;

/** One SQLite database, and a directory or a bucket for what is large. */
async function openEmbedded(ground: Ground): Promise<Opened> {
  const { config, clock, telemetry } = ground;
  const files = createFilesystemSnapshotStore({ directory: join(config.dataDir, 'snapshots') });
  const bucket = await openBucket(ground);
  const sqlite = await openSqlite({ directory: config.dataDir, clock, log: telemetry.log });
  const { database } = sqlite;
  const stored = createStoredHistory({ database });
  const log = createSqliteUpdateLog(sqlite);
  return {
    ...stored,
    ...createStoredEvents({ database }),
    log,
    historyReads: { log, history: stored.history, snapshotIndex: stored.snapshotIndex },
    catalog: createDocumentCatalog({ database }),
    grants: createGrantStore({ database }),
    keys: createApiKeyStore({ database }),
    accessChanges: createAccessChangeLog({ database }),
    usage: createTenantUsageReader({ database }),
    audit: createAuditLog({ database }),
    authorship: createAuthorshipStore({ database, holds: holdsBytes }),
    requests: createRequestLedger({ database }),
    jobs: createJobStore({ database }),
    // What was written before there was a bucket is still read from where it is.
    snapshots: bucket === null ? files : layerSnapshots(bucket, files),
    inlineLimits: { snapshotBytes: config.stores.inlineBytes, segmentBytes: INLINE_SEGMENT_BYTES },
    dropsRows: true,
    findTrouble: () => Promise.resolve(sqlite.available ? null : 'the database does not answer'),
    service: { name: 'sqlite', drain: () => sqlite.close() },
  };
}

/** PostgreSQL, which several nodes may share, and a bucket for what is large, or the database itself for all of it. */
export async function openDatabaseStores(ground: Ground): Promise<Opened & Pick<PostgresStore, 'database'>> {
  const { config, clock, telemetry } = ground;
  const { database, inlineBytes, rowMinAge } = config.stores;
  if (database === null) throw new Error('there is no database');
  const { openPostgres } = await import('./adapters/postgres/open-postgres.ts');
  const bucket = await openBucket(ground);
  const keepDays = Math.ceil(rowMinAge / DAY) + 1;
  const postgres = await openPostgres({ ...database, clock, log: telemetry.log, keepDays });
  return {
    ...postgres,
    usage: createTenantUsageReader(postgres),
    requests: createRequestLedger(postgres),
    jobs: createJobStore(postgres),
    // Files on one node's disk would be missing on the others, so without a bucket everything lies in the database.
    snapshots: bucket ?? createFilesystemSnapshotStore({ directory: join(config.dataDir, 'snapshots') }),
    inlineLimits:
      bucket === null
        ? { snapshotBytes: Infinity, segmentBytes: Infinity }
        : { snapshotBytes: inlineBytes, segmentBytes: INLINE_SEGMENT_BYTES },
    dropsRows: false,
    findTrouble: async () => {
      const health = await postgres.health();
      return health.kind === 'ready' ? null : health.reason;
    },
    service: { name: 'postgres', drain: (milliseconds) => postgres.close(milliseconds) },
  };
}

/** The client of object stores is large, so it is loaded only by those who use one. */
async function openBucket({ config, clock, telemetry }: Ground): Promise<SnapshotStore | null> {
  const { objects } = config.stores;
  if (objects === null) return null;
  const { openS3 } = await import('./adapters/s3/open-s3.ts');
  const { guardSnapshots } = await import('./adapters/system/guarded-snapshots.ts');
  const { log } = telemetry;
  return guardSnapshots({ store: await openS3({ settings: objects, clock, log }), log });
}

/** How this node hears of others. Redis is loaded only where it is used: alone, a node need not pay for it. */
async function openFanOut({ config, clock, telemetry, node }: Ground): Promise<FanOut> {
  const { redis } = config.stores;
  if (redis === null) return createInProcessFanOut({ node });
  const { openRedisFanOut } = await import('./adapters/redis/open-redis-fan-out.ts');
  return openRedisFanOut({ ...redis, node, clock, telemetry, inlineBytes: RELAY_INLINE_BYTES });
}

/** Where limits are counted that hold for all nodes together. */
async function openRateWindows({ config, clock, telemetry }: Ground): Promise<RateWindows> {
  const { redis } = config.stores;
  const own = createNodeRateWindows({ clock });
  if (redis === null) return own;
  const { openRedisRateWindows } = await import('./adapters/redis/rate-windows.ts');
  return openRedisRateWindows({ ...redis, clock, own, log: telemetry.log });
}
