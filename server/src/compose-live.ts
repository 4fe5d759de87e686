import { randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { createDocumentTurns } from './rooms/document-turns.ts';
import { createDocumentWriter } from './rooms/document-writer.ts';
import { createHeadWatch } from './rooms/head-watch.ts';
import { createLiveDocuments } from './rooms/live-documents.ts';
import { createLivePresence } from './rooms/live-presence.ts';
import { createRoomRegistry, type RoomRegistry } from './rooms/room-registry.ts';
import { createUpdateWriter } from './rooms/update-writer.ts';
import { drainTogether, type Service } from './service.ts';
import { createArchiver } from './workers/archiver.ts';
import type { ChangeAnnouncer } from './workers/change-announcer.ts';
import { createCompactor } from './workers/compactor.ts';
import { createMergeThread } from './workers/merge-thread.ts';
import type { DocumentId } from './ports/update-log.ts';
import { createSweeper, type SweeperDeps } from './workers/sweeper.ts';
import { createVersionKeeper } from './workers/version-keeper.ts';

/** Who is told of what happens in the rooms and to the documents behind them. */
export interface LiveListeners {
  readonly announcer: Pick<ChangeAnnouncer, 'noteChange'>;
  /** Whether a tenant's documents have all the bytes that they may. */
  readonly isTenantFull: (tenant: Tenant) => boolean;
  /** Leaves nothing of documents in the search index, before they are removed for good. */
  readonly eraseFromSearch: (documentIds: readonly DocumentId[]) => Promise<void>;
}

/** Live documents: rooms, the writer they share, and what keeps them level with the log and the log short. */
export function createLive(
  ground: Ground,
  stores: Stores,
  { announcer, eraseFromSearch, isTenantFull }: LiveListeners,
) {
  const { config, clock, telemetry, node } = ground;
  const maxPendingBytes = config.limits.writerPendingBytes;
  const writer = createUpdateWriter({ log: stores.log, clock, telemetry, incarnation: node, maxPendingBytes });
  const incarnation = randomUUID();
  const editWriter = createUpdateWriter({ log: stores.log, clock, telemetry, incarnation, maxPendingBytes });
  const versionKeeper = createVersionKeeper({ ...stores, clock, telemetry, limits: config.versions });
  const { compactor, background } = createBackground(ground, stores, {
    rooms: () => rooms,
    beforePurge: eraseFromSearch,
  });
  const rooms: RoomRegistry = createRoomRegistry({
    ...stores,
    writer,
    clock,
    telemetry,
    node,
    awarenessLimits: config.presence.limits,
    documentBytes: config.limits.documentBytes,
    onTail: (tail, idle) => {
      compactor.consider(tail, idle);
      versionKeeper.consider(tail.documentId, idle);
      if (!idle) announcer.noteChange(tail.documentId);
    },
  });
  const headWatch = createHeadWatch({ ...stores, telemetry, rooms, clock });
  const relay: Service = { name: 'fan-out', drain: (milliseconds) => stores.fanOut.drain(milliseconds) };
  // The fan-out last: what the writer commits on its way out is still told.
  const presence = createLivePresence({ ...stores, ...ground, rooms, awarenessLimits: config.presence.limits });
  const documents = { ...stores, ...ground, rooms, editWriter, isTenantFull, turns: createDocumentTurns(clock) };
  return {
    rooms,
    writer,
    presence,
    documents: createLiveDocuments(documents),
    documentWriter: createDocumentWriter(documents),
    services: [
      headWatch,
      drainTogether('update-writer', [writer, editWriter]),
      rooms,
      versionKeeper,
      ...background,
      relay,
    ],
  };
}

/** What folds, archives and tidies up behind the rooms. */
function createBackground(
  ground: Ground,
  stores: Stores,
  { rooms, beforePurge }: { readonly rooms: () => RoomRegistry } & Required<Pick<SweeperDeps, 'beforePurge'>>,
) {
  const { config, clock, telemetry } = ground;
  const { keepDays, rowMinAge, deletedAfter } = config.stores;
  const { inlineLimits, dropsRows } = stores;
  const deps = { ...stores, clock, telemetry, rooms };
  const merger = createMergeThread({ clock, log: telemetry.log });
  const archiver = createArchiver({ ...deps, inlineSegmentBytes: inlineLimits.segmentBytes });
  const compactor = createCompactor({
    ...deps,
    merger,
    archiver,
    inlineSnapshotBytes: inlineLimits.snapshotBytes,
    keepDays,
  });
  const limits = { rowMinAge, archiveAfter: rowMinAge / 2, deletedAfter, dropsRows };
  const sweeper = createSweeper({ ...deps, compactor, archiver, limits, beforePurge });
  return { compactor, background: [sweeper, compactor, merger] };
}
