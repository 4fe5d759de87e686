import { parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import { createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import { createDocumentCatalog } from '../../src/adapters/sql/document-catalog.ts';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from '../../src/adapters/sqlite/update-log.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { UpdateLog } from '../../src/ports/update-log.ts';
import { createLiveDocuments } from '../../src/rooms/live-documents.ts';
import { createRoomRegistry, type RoomRegistry } from '../../src/rooms/room-registry.ts';
import { createUpdateWriter } from '../../src/rooms/update-writer.ts';
import { createCompactor } from '../../src/workers/compactor.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

/** The live half of a node on real embedded stores, without its sockets. `wrap` lets a test stand between it and a store. */
export async function openDocumentNode(
  directory: string,
  wrap: {
    readonly log?: (log: UpdateLog) => UpdateLog;
    readonly snapshots?: (store: SnapshotStore) => SnapshotStore;
  } = {},
) {
  const clock = createSystemClock();
  const telemetry = createSilentTelemetry();
  const sqlite = await openSqlite({ directory, clock, log: telemetry.log });
  const log = (wrap.log ?? ((it) => it))(createSqliteUpdateLog(sqlite));
  const store = createFilesystemSnapshotStore({ directory: `${directory}/snapshots` });
  const snapshots = (wrap.snapshots ?? ((it) => it))(store);
  const catalog = createDocumentCatalog({ database: sqlite.database });
  const node = `node-${Math.random()}`;
  const writer = createUpdateWriter({ log, clock, telemetry, incarnation: node, maxPendingBytes: 1e7 });
  const compactor = createCompactor({ log, snapshots, clock, telemetry, rooms: () => rooms });
  const rooms: RoomRegistry = createRoomRegistry({
    log,
    snapshots,
    fanOut: createInProcessFanOut({ node }),
    writer,
    clock,
    telemetry,
    node,
    awarenessLimits: { statesPerSession: 8, stateBytes: 4096 },
    onTail: () => undefined,
  });
  const documents = createLiveDocuments({ log, snapshots, telemetry, rooms });
  const create = async (name: string) => {
    const [tenant, documentName] = [parseTenant('default'), parseDocumentName(name)];
    if (tenant === null || documentName === null) throw new Error('not a name');
    return (await catalog.create(tenant, documentName, 'ada', clock.now())).record;
  };
  return {
    log,
    snapshots,
    catalog,
    rooms,
    writer,
    compactor,
    documents,
    telemetry,
    create,
    close: () => sqlite.close(),
  };
}

export type DocumentNode = Awaited<ReturnType<typeof openDocumentNode>>;
