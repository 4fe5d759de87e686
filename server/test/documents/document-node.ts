import { parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import { createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { UpdateLog } from '../../src/ports/update-log.ts';
import { createDocumentTurns } from '../../src/rooms/document-turns.ts';
import { createDocumentWriter } from '../../src/rooms/document-writer.ts';
import { createLiveDocuments } from '../../src/rooms/live-documents.ts';
import { createRoomRegistry, type RoomRegistry, type Tail } from '../../src/rooms/room-registry.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { createArchiver } from '../../src/workers/archiver.ts';
import { createCompactor } from '../../src/workers/compactor.ts';
import { createMergeThread } from '../../src/workers/merge-thread.ts';
import { createSweeper, type SweeperLimits } from '../../src/workers/sweeper.ts';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import type { SqlStoreUnderTest } from '../contracts/sql-damage.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

/** What a test puts in the place of what a node has. */
export interface NodeOptions {
  /** The embedded one in the directory, unless a test says otherwise. */
  readonly openStore?: () => Promise<SqlStoreUnderTest>;
  readonly log?: (log: UpdateLog) => UpdateLog;
  readonly snapshots?: (store: SnapshotStore) => SnapshotStore;
  readonly clock?: Clock;
  /** Nothing is inline unless a test says so, since files are easier to damage. */
  readonly inlineSnapshotBytes?: number;
  readonly inlineSegmentBytes?: number;
  readonly keepDays?: number;
  readonly limits?: Partial<SweeperLimits>;
  readonly maxPendingBytes?: number;
  readonly documentBytes?: number;
  readonly isTenantFull?: () => boolean;
  readonly onTail?: (tail: Tail, idle: boolean) => void;
}

const HOUR = 3_600_000;
const LIMITS: SweeperLimits = {
  archiveAfter: 12 * HOUR,
  rowMinAge: 24 * HOUR,
  deletedAfter: 48 * HOUR,
  dropsRows: true,
};

/** The live half of a node on real stores, without its sockets. */
export async function openDocumentNode(directory: string, options: NodeOptions = {}) {
  const clock = options.clock ?? createSystemClock();
  const telemetry = createSilentTelemetry();
  const database = await (options.openStore ?? (() => openEmbeddedStore(directory)))();
  const log = (options.log ?? ((it) => it))(database.log);
  const store = createFilesystemSnapshotStore({ directory: `${directory}/snapshots` });
  const snapshots = (options.snapshots ?? ((it) => it))(store);
  const { catalog } = database;
  const node = `node-${Math.random()}`;
  const { cursors, history, quarantine, register, snapshotIndex, upkeep } = database;
  const stores = { log, snapshots, catalog, cursors, history, quarantine, register, snapshotIndex, upkeep };
  const deps = { ...stores, clock, telemetry, rooms: () => rooms };
  const { inlineSnapshotBytes = 0, inlineSegmentBytes = 0, keepDays = 0 } = options;
  const { maxPendingBytes = 1e7 } = options;
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: node, maxPendingBytes });
  const merger = createMergeThread({ clock, log: telemetry.log });
  const archiver = createArchiver({ ...deps, inlineSegmentBytes });
  const compactor = createCompactor({ ...deps, merger, archiver, inlineSnapshotBytes, keepDays });
  const sweeper = createSweeper({ ...deps, compactor, archiver, limits: { ...LIMITS, ...options.limits } });
  const fanOut = createInProcessFanOut({ node });
  const rooms: RoomRegistry = createRoomRegistry({
    ...stores,
    fanOut,
    writer,
    clock,
    telemetry,
    node,
    awarenessLimits: { statesPerSession: 8, stateBytes: 4096, perSecond: 40 },
    documentBytes: options.documentBytes ?? Infinity,
    // The longer way, for all documents.
    mergeLaterFrom: 0,
    onTail: options.onTail ?? (() => undefined),
  });
  const turns = createDocumentTurns(clock);
  const documents = createLiveDocuments({ ...stores, telemetry, rooms, clock, turns });
  const editWriter = createUpdateWriter({ log, clock, telemetry, incarnation: `${node}-edits`, maxPendingBytes });
  const documentWriter = createDocumentWriter({
    ...stores,
    telemetry,
    rooms,
    clock,
    turns,
    editWriter,
    fanOut,
    node,
    isTenantFull: options.isTenantFull ?? (() => false),
  });
  const create = async (name: string) => {
    const [tenant, documentName] = [parseTenant('default'), parseDocumentName(name)];
    if (tenant === null || documentName === null) throw new Error('not a name');
    return (await catalog.create(tenant, documentName, 'ada', clock.now())).record;
  };
  return {
    ...stores,
    database: database.database,
    inlineSnapshotBytes,
    clock,
    rooms,
    writer,
    archiver,
    compactor,
    sweeper,
    merger,
    documents,
    documentWriter,
    telemetry,
    create,
    close: async () => {
      await sweeper.drain(0);
      await merger.drain(0);
      await database.close();
    },
  };
}

export type DocumentNode = Awaited<ReturnType<typeof openDocumentNode>>;
