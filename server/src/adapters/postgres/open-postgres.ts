import type { Kysely } from 'kysely';
import { ScriptoriumError } from '../../core/errors.ts';
import type { AccessChangeLog } from '../../ports/access-changes.ts';
import type { ApiKeyStore } from '../../ports/api-key-store.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { AuthorshipStore } from '../../ports/authorship-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DocumentCatalog } from '../../ports/document-catalog.ts';
import type { GrantStore } from '../../ports/grant-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { UpdateLog } from '../../ports/update-log.ts';
import { createAccessChangeLog } from '../sql/access-changes.ts';
import { createApiKeyStore } from '../sql/api-key-store.ts';
import { createRestoringAppend } from '../sql/append-restore.ts';
import { createAuditLog } from '../sql/audit-log.ts';
import { createAuthorshipStore } from '../sql/authorship-store.ts';
import { createDocumentCatalog } from '../sql/document-catalog.ts';
import { createGrantStore } from '../sql/grant-store.ts';
import { dropFloorSql } from '../sql/drop-floor.ts';
import { createLogQueries } from '../sql/log-queries.ts';
import type { Schema } from '../sql/schema.ts';
import { createStoredEvents, type StoredEvents } from '../sql/stored-events.ts';
import { createStoredHistory, type StoredHistory } from '../sql/stored-history.ts';
import { readConnectionOptions } from './connection-options.ts';
import { ConnectionPool, type ConnectionPoolDeps } from './connection-pool.ts';
import { holdsBytes } from './holds-bytes.ts';
import { createDatabase } from './kysely-database.ts';
import { migrate } from './migrate.ts';
import { readPackedRows, readPackedStart } from './packed-rows.ts';
import { PartitionUpkeep } from './partition-upkeep.ts';
import type { DropOptions } from './partitions.ts';
import { createReplicaReads, type ReplicaReads } from './replica-reads.ts';
import { lendPromptly } from './prompt-lender.ts';
import type { TenantReads } from '../sql/tenant-reads.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { retryAuditConflicts, retryGrantConflicts, retryKeyConflicts } from './retrying-access.ts';
import { retryCatalogConflicts } from './retrying-catalog.ts';
import { retryEventConflicts } from './retrying-events.ts';
import { retryAuthorshipConflicts } from './retrying-authorship.ts';
import { retryHistoryConflicts } from './retrying-history.ts';
import { RowAppender } from './row-appender.ts';
import { checkWall, createTenantReads } from './tenant-reads.ts';
import { type Timeouts, TIMEOUTS } from './timeouts.ts';

export interface PostgresDeps {
  /** `postgres://user:password@host/name?sslmode=verify-full`; may lead through a pooler in transaction mode. */
  readonly url: string;
  /** The same database past a pooler, for migrations and partitions. */
  readonly directUrl: string;
  /** A read-only replica, for reads of history and exports. */
  readonly replicaUrl: string | null;
  /** Certificates that may sign the servers', in PEM. */
  readonly caFile: string | null;
  /** Connections of this node, those to the replica not counted. */
  readonly poolSize: number;
  readonly migrate: 'auto' | 'check';
  readonly clock: Clock;
  readonly log: Logger;
  /** Days of rows that stay in the log at least, today's included. */
  readonly keepDays?: number;
  readonly drop?: DropOptions;
  readonly timeouts?: Timeouts;
  /** Bytes above which a payload is refused. */
  readonly largestPayload?: number;
}

/** Whether the database takes appends at present. */
export type DatabaseHealth = { readonly kind: 'ready' } | { readonly kind: 'unavailable'; readonly reason: string };

/** The stores of a node on PostgreSQL. */
export interface PostgresStore extends StoredHistory, StoredEvents {
  readonly log: UpdateLog;
  readonly catalog: DocumentCatalog;
  readonly grants: GrantStore;
  readonly keys: ApiKeyStore;
  readonly accessChanges: AccessChangeLog;
  readonly audit: AuditLog;
  readonly authorship: AuthorshipStore;
  /** For portable SQL on the primary. */
  readonly database: Kysely<Schema>;
  /** How reads for one tenant are made: behind the second wall. */
  readonly readFor: TenantReads;
  /** Reads of history and exports, from the replica where there is one. */
  readonly historyReads: ReplicaReads;
  /** Asks the server; never throws. */
  health(): Promise<DatabaseHealth>;
  /** Makes and drops partitions now, instead of within the hour; never throws. */
  keepUp(): Promise<void>;
  /** Ends all connections, after that many milliseconds those in use too. */
  close(within: number): Promise<void>;
}

/**
 * Opens the database, brings it to the newest schema (or checks that it is), and makes the partitions of the next days.
 * Throws `storage-unavailable` with a detail for people when it cannot be reached or used.
 */
export async function openPostgres(deps: PostgresDeps): Promise<PostgresStore> {
  const pools = await createPools(deps);
  try {
    const { clock, log } = deps;
    const steps = await retryConflicts(clock, () =>
      pools.upkeep.use((lease) => migrate(lease, { mode: deps.migrate })),
    );
    if (steps.length > 0) log.info('postgres_migrated', { steps: steps.join(' ') });
    const upkeep = new PartitionUpkeep({
      clock,
      log,
      pool: pools.upkeep,
      drop: deps.drop ?? { floor: DROP_FLOOR, keepDays: deps.keepDays ?? KEEP_DAYS },
    });
    await upkeep.run();
    await checkDurability(pools.writer, log);
    await checkWall(pools.reader, log);
    upkeep.start();
    return createStore(deps, pools, upkeep);
  } catch (error) {
    await closePools(pools, 0);
    throw describeStartFailure(pools, error);
  }
}

/** A message of the protocol ends at 1 GiB; a row near that could be written and never be read. */
const LARGEST_PAYLOAD = 256 * 1024 * 1024;

/** Nothing may be dropped that a load, the history or a consumer still needs. */
const DROP_FLOOR = dropFloorSql('document_heads');
const KEEP_DAYS = 2;

interface Pools {
  /** Where the database is, for messages. */
  readonly place: string;
  /** Appends only: a slow read never stands in their way. */
  readonly writer: ConnectionPool;
  readonly reader: ConnectionPool;
  /** For what revocations hang on, which must not wait behind searches and long reads. */
  readonly access: ConnectionPool;
  readonly replica: ConnectionPool | null;
  readonly upkeep: ConnectionPool;
}

async function createPools(deps: PostgresDeps): Promise<Pools> {
  const { url, directUrl, replicaUrl, caFile, poolSize, clock, log, timeouts = TIMEOUTS } = deps;
  const primary = await readConnectionOptions(url, caFile);
  const direct = await readConnectionOptions(directUrl, caFile);
  const replica = replicaUrl === null ? null : await readConnectionOptions(replicaUrl, caFile);
  const create = (pool: Pick<ConnectionPoolDeps, 'connection' | 'purpose' | 'size'>): ConnectionPool =>
    new ConnectionPool({ ...pool, timeouts, clock, log });
  // One batch is in flight at a time; the second connection is for the try after one that got stuck.
  const writers = poolSize < 4 ? 1 : 2;
  // A pool too small to give a connection away asks that question among the other reads.
  const watchers = poolSize < 4 ? 0 : 1;
  const readers = Math.max(1, poolSize - writers - watchers);
  const reader = create({ connection: primary, purpose: 'reader', size: readers });
  return {
    place: `${primary.host}:${primary.port}`,
    writer: create({ connection: primary, purpose: 'writer', size: writers }),
    reader,
    access: watchers === 0 ? reader : create({ connection: primary, purpose: 'access', size: watchers }),
    replica: replica === null ? null : create({ connection: replica, purpose: 'replica', size: readers }),
    upkeep: create({ connection: direct, purpose: 'upkeep', size: 1 }),
  };
}

function createStore(deps: PostgresDeps, pools: Pools, upkeep: PartitionUpkeep): PostgresStore {
  const { clock, log, timeouts = TIMEOUTS } = deps;
  const database = createDatabase(pools.reader, timeouts);
  const readFor = createTenantReads(database, timeouts);
  const replica = pools.replica === null ? null : createDatabase(pools.replica, timeouts);
  const appender = new RowAppender({ pool: pools.writer, log, largestPayload: deps.largestPayload ?? LARGEST_PAYLOAD });
  return {
    log: {
      ...createLogQueries({ database }),
      readRows: (documentId, after, limit) => readPackedRows(database, documentId, { after, limit }),
      readLoadStart: (documentId) => readPackedStart(database, documentId),
      append: createRestoringAppend({
        database,
        append: (batch) => appender.append(batch),
        retry: (transaction) => retryConflicts(clock, transaction),
      }),
    },
    catalog: retryCatalogConflicts(createDocumentCatalog({ database, readFor }), clock),
    ...createAccessStores(pools, { database, readFor, clock, timeouts }),
    audit: retryAuditConflicts(createAuditLog({ database, readFor }), clock),
    authorship: retryAuthorshipConflicts(createAuthorshipStore({ database, holds: holdsBytes }), clock),
    database,
    readFor,
    ...retryHistoryConflicts(createStoredHistory({ database, readFor }), clock),
    ...retryEventConflicts(createStoredEvents({ database, readFor }), clock),
    historyReads: createReplicaReads({ primary: database, replica, clock, log }),
    health: () => readHealth(pools.writer),
    keepUp: () => upkeep.run(),
    close: async (within) => {
      upkeep.stop();
      await closePools(pools, within);
    },
  };
}

/**
 * Who may do what. That something changed is asked on a connection of its own, and what it is now there too where no
 * other is free, so that a revocation takes effect in time however many searches and long reads are waiting.
 */
function createAccessStores(
  { reader, access }: Pools,
  deps: {
    readonly database: Kysely<Schema>;
    readonly readFor: TenantReads;
    readonly clock: Clock;
    readonly timeouts: Timeouts;
  },
): Pick<PostgresStore, 'grants' | 'keys' | 'accessChanges'> {
  const { clock, timeouts } = deps;
  const prompt = createDatabase(lendPromptly(reader, access), timeouts);
  const promptDeps = { database: prompt, readFor: createTenantReads(prompt, timeouts) };
  const { readStanding } = createGrantStore(promptDeps);
  const { find } = createApiKeyStore(promptDeps);
  return {
    grants: retryGrantConflicts({ ...createGrantStore(deps), readStanding }, clock),
    keys: retryKeyConflicts({ ...createApiKeyStore(deps), find }, clock),
    accessChanges: createAccessChangeLog({ database: createDatabase(access, timeouts) }),
  };
}

async function closePools({ writer, reader, access, replica, upkeep }: Pools, within: number): Promise<void> {
  const pools = [writer, reader, access, replica, upkeep].filter((pool) => pool !== null);
  await Promise.all(pools.map((pool) => pool.close(within)));
}

/** Milliseconds after which a database that does not say how it is counts as away. */
const HEALTH_DEADLINE = 2_000;

async function readHealth(pool: ConnectionPool): Promise<DatabaseHealth> {
  try {
    const { rows } = await pool.use((lease) =>
      lease.query('select pg_is_in_recovery() as standby', [], HEALTH_DEADLINE),
    );
    return rows[0]?.['standby'] === true
      ? { kind: 'unavailable', reason: 'the database is a read-only standby' }
      : { kind: 'ready' };
  } catch {
    return { kind: 'unavailable', reason: 'the database does not answer' };
  }
}

/** What is acknowledged is on disk only if the server says so when it is. */
async function checkDurability(pool: ConnectionPool, log: Logger): Promise<void> {
  const { rows } = await pool.use((lease) =>
    lease.query(`select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`),
  );
  const [fsync, commit] = [String(rows[0]?.['fsync']), String(rows[0]?.['commit'])];
  if (fsync === 'off' || commit === 'off') log.error('postgres_not_durable', { fsync, synchronousCommit: commit });
}

function describeStartFailure({ place }: Pools, error: unknown): ScriptoriumError {
  const cause = error instanceof ScriptoriumError ? error.cause : error;
  // Without a cause it is a sentence of our own about this very database.
  if (error instanceof ScriptoriumError && cause === undefined) return error;
  const detail = `cannot use the database at ${place}: ${describeCause(cause)}`;
  return new ScriptoriumError('storage-unavailable', detail, { cause: error });
}

/** A host with several addresses fails once for each. */
function describeCause(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(describeCause).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}
