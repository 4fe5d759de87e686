import { Buffer } from 'node:buffer';
import { createAdmissionQueue } from '../../src/gateway/admission-queue.ts';
import { createConnectionLimit } from '../../src/core/connection-limit.ts';
import type { OwnerBudgets } from '../../src/gateway/owner-budgets.ts';
import type { TenantQuotas } from '../../src/access/tenant-quotas.ts';
import { ClientSocket } from '../../src/gateway/client-socket.ts';
import { createSessionExtension } from '../../src/gateway/extensions/session-extension.ts';
import { startHousekeeping } from '../../src/gateway/housekeeping.ts';
import { createOutputFlusher } from '../../src/gateway/output.ts';
import { createOutputPool } from '../../src/gateway/output-pool.ts';
import type { Session } from '../../src/gateway/session.ts';
import { SessionTable } from '../../src/gateway/session-table.ts';
import { createRateLimitedLog } from '../../src/observability/rate-limited-log.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Access } from '../../src/access/access.ts';
import type { DocumentCatalog } from '../../src/ports/document-catalog.ts';
import type { FanOut } from '../../src/ports/fan-out.ts';
import type { LiveDocuments } from '../../src/ports/live-documents.ts';
import type { StateMerger } from '../../src/ports/state-merger.ts';
import type { Telemetry } from '../../src/ports/telemetry.ts';
import type { TokenVerifier } from '../../src/ports/token-verifier.ts';
import type { DocumentId, UpdateLog } from '../../src/ports/update-log.ts';
import { createHeadWatch } from '../../src/rooms/head-watch.ts';
import { createDocumentTurns } from '../../src/rooms/document-turns.ts';
import { createLiveDocuments } from '../../src/rooms/live-documents.ts';
import { createRoomRegistry, type RoomRegistry } from '../../src/rooms/room-registry.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { drainServices, withDeadline, type Service } from '../../src/service.ts';
import { createArchiver } from '../../src/workers/archiver.ts';
import { createCompactor } from '../../src/workers/compactor.ts';
import { runMergeJob } from '../../src/workers/merge-job.ts';
import { createSweeper } from '../../src/workers/sweeper.ts';
import { createIdentity, createRights } from '../support/identities.ts';
import { createHocuspocusStandIn } from './hocuspocus-stand-in.ts';
import type { Life } from './life.ts';
import type { ServerEnd } from './line.ts';
import type { StorePorts } from './store-ports.ts';

/** What a node stands on; the simulation owns all of it. */
export interface NodeGround {
  readonly life: Life;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Identity of this run. */
  readonly incarnation: string;
  readonly stores: StorePorts;
  /** The log as the rooms see it, where a planted bug may stand in front of it. */
  readonly roomLog: UpdateLog;
  readonly fanOut: FanOut;
  /** Parts of the node that a planted bug takes away. */
  readonly without: ReadonlySet<'head-watch'>;
}

/** One run of a node: the parts that `compose.ts` puts together, on ports of the simulation and without a network. */
export interface SimulatedNode {
  readonly life: Life;
  readonly incarnation: string;
  readonly catalog: DocumentCatalog;
  readonly clock: Clock;
  readonly documents: LiveDocuments;
  readonly rooms: RoomRegistry;
  compact(documentId: DocumentId): Promise<boolean>;
  sweep(): Promise<void>;
  /** Takes the node's end of a connection; false when it takes none. */
  accept(end: ServerEnd): boolean;
  sessions(): readonly Session[];
  /** Stops in order. */
  stop(): Promise<void>;
}

const AWARENESS_LIMITS = { statesPerSession: 8, stateBytes: 16 * 1024, perSecond: 30 } as const;
/** So little that a paste or two fill it while the store is away. */
const MAX_PENDING_BYTES = 80 * 1024;
/** So low that reading pauses now and then. */
const UPDATE_RATE = { perSecond: 10, burst: 8 } as const;
/** Other limits are out of reach. */
const UNBOUNDED = { perSecond: 1e9, burst: 1e9 } as const;
const MESSAGES = { messageBytes: 16 * 1024 * 1024, loginBytes: 16 * 1024 } as const;
const OUTPUT_BYTES = 64 * 1024 * 1024;
const OWNERS: OwnerBudgets = { spend: () => undefined, join: () => undefined, leave: () => undefined };
const QUOTAS: TenantQuotas = { limit: (catalog) => catalog, isFull: () => false };
const WARNING_INTERVAL = 10_000;
const SHUTDOWN_MS = 9_500;
/** Milliseconds that clients have to take their close. */
const CLOSE_PATIENCE = 1_000;

/** Sizes so small that every way of storing is taken, and times so short that every clean-up comes. */
const INLINE_BYTES = 2_000;
const KEEP_DAYS = 1;
const MERGE_LATER_FROM = 300;
const UPKEEP = { rowMinAge: 4_000, archiveAfter: 1_000, deletedAfter: 10_000, dropsRows: true } as const;

export function startSimulatedNode(ground: NodeGround): SimulatedNode {
  const { stores, fanOut, clock, telemetry, incarnation } = ground;
  const roomStores = { ...stores, log: ground.roomLog };
  const maxPendingBytes = MAX_PENDING_BYTES;
  const writer = createUpdateWriter({ log: ground.roomLog, clock, telemetry, incarnation, maxPendingBytes });
  const deps = { ...stores, clock, telemetry, rooms: () => rooms };
  const archiver = createArchiver({ ...deps, inlineSegmentBytes: INLINE_BYTES });
  const merger = createInlineMerger(clock);
  const inlineSnapshotBytes = INLINE_BYTES;
  const compactor = createCompactor({ ...deps, merger, archiver, inlineSnapshotBytes, keepDays: KEEP_DAYS });
  const sweeper = createSweeper({ ...deps, compactor, archiver, limits: UPKEEP });
  const rooms: RoomRegistry = createRoomRegistry({
    ...roomStores,
    fanOut,
    writer,
    clock,
    telemetry,
    node: incarnation,
    awarenessLimits: AWARENESS_LIMITS,
    documentBytes: Infinity,
    mergeLaterFrom: MERGE_LATER_FROM,
    onTail: (tail, idle) => compactor.consider(tail, idle),
  });
  const watch = ground.without.has('head-watch')
    ? []
    : [createHeadWatch({ ...roomStores, telemetry, rooms, fanOut, clock })];
  const gateway = createSocketlessGateway(ground, rooms);
  const relay: Service = { name: 'fan-out', drain: (milliseconds) => fanOut.drain(milliseconds) };
  const services: readonly Service[] = [gateway, ...watch, writer, rooms, sweeper, compactor, relay];
  return {
    life: ground.life,
    incarnation,
    catalog: stores.catalog,
    clock,
    rooms,
    compact: (documentId) => compactor.compact(documentId),
    sweep: () => sweeper.sweep(),
    documents: createLiveDocuments({ ...stores, telemetry, rooms, clock, turns: createDocumentTurns(clock) }),
    accept: gateway.accept,
    sessions: gateway.sessions,
    stop: async () => {
      await drainServices({ clock, log: telemetry.log }, services, SHUTDOWN_MS);
    },
  };
}

/** Merges in a turn of its own, where a node has a thread for it. */
function createInlineMerger(clock: Clock): StateMerger {
  return {
    merge: (job) =>
      new Promise((resolve) => {
        clock.soon(() => resolve(runMergeJob(job)));
      }),
  };
}

/** Everybody who comes is who the token names: `reader…` may only read, all others may write. */
const verifier: TokenVerifier = {
  verify: (user) => {
    const role = user.startsWith('reader') ? 'viewer' : 'editor';
    return Promise.resolve({ kind: 'valid', identity: createIdentity({ user, role }) });
  },
};

/** Grants are as the token says, and nothing changes them. */
const access: Access = {
  standingOf: ({ role }) => Promise.resolve({ rights: createRights({ role }), until: Infinity }),
  watch: () => () => undefined,
  apply: () => undefined,
  applyAll: () => undefined,
  forget: () => undefined,
};

interface SocketlessGateway extends Service {
  accept(end: ServerEnd): boolean;
  sessions(): readonly Session[];
}

/** What `create-gateway.ts` does behind the upgrade, with a stand-in for Hocuspocus. */
function createSocketlessGateway(ground: NodeGround, rooms: RoomRegistry): SocketlessGateway {
  const { clock, telemetry, life, stores } = ground;
  const { catalog } = stores;
  const warnings = createRateLimitedLog({ log: telemetry.log, clock, intervalMs: WARNING_INTERVAL });
  const tables = new Map<ClientSocket, SessionTable>();
  const admissions = createAdmissionQueue(clock);
  let leaving = 0;
  // There is no audit log here, whose writes would be steps of their own.
  const journal = { note: () => undefined };
  const parts = { verifier, access, catalog, rooms, admissions, journal, clock, telemetry, warnings };
  const bounds = { maxDocuments: 50, maxSessions: 1, maxOutsideBytes: MESSAGES.loginBytes };
  const presencePolicy = { seeRole: 'viewer', showRole: 'viewer' } as const;
  const tenantSockets = createConnectionLimit(Infinity);
  const limits = { ...bounds, presencePolicy, tenantSockets, quotas: QUOTAS, owners: OWNERS };
  const tableDeps = { ...parts, ...limits, leaving: () => leaving };
  const extension = createSessionExtension({ clock, telemetry });
  const flusher = createOutputFlusher();
  const pool = createOutputPool({ nodeOutputBytes: OUTPUT_BYTES, telemetry, warnings });
  const housekeeping = startHousekeeping({ clock, telemetry, tables, pool });
  let draining = false;
  let onEmpty = (): void => undefined;

  const accept = ({ webSocket, raw }: ServerEnd): boolean => {
    if (draining) return false;
    const client = new ClientSocket({
      webSocket,
      raw,
      dialect: { kind: 'hocuspocus' },
      clock,
      telemetry,
      warnings,
      flusher,
      pool,
      remote: 'simulated',
      rates: { updates: UPDATE_RATE, bytes: UNBOUNDED },
      owners: OWNERS,
      messages: MESSAGES,
      outputBytes: OUTPUT_BYTES,
      onFault: () => undefined,
      onFrame: (_socket, frame) => table.receive(frame),
      onSessionEnd: (session, code) => table.endSession(session, code),
      onHocuspocusFrame: () => undefined,
      onEnding: (code) => table.sayFarewell(code),
      onClose: (socket) => {
        tables.delete(socket);
        table.closeAll();
        if (tables.size === 0) onEmpty();
      },
    });
    const table = new SessionTable(tableDeps, client);
    const send = (frame: Uint8Array): void => client.send(Buffer.from(frame));
    const close = (code: number): void => webSocket.close(code);
    table.connect(createHocuspocusStandIn({ life, extension, send, close }, table));
    tables.set(client, table);
    return true;
  };

  return {
    name: 'gateway',
    accept,
    sessions: () => [...tables.values()].flatMap((table) => table.sessions()),
    async drain(milliseconds) {
      draining = true;
      housekeeping.stop();
      leaving = tables.size;
      if (leaving === 0) return;
      const { promise: empty, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      for (const client of tables.keys()) client.end('shutting-down');
      if ((await withDeadline(clock, Math.min(milliseconds, CLOSE_PATIENCE), empty)).kind === 'done') return;
      for (const client of tables.keys()) client.cut();
    },
  };
}
