import { hash } from 'node:crypto';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { FanOut } from '../../src/ports/fan-out.ts';
import type { AppendBatch, AppendResult, DocumentId, UpdateLog } from '../../src/ports/update-log.ts';
import type { RoomRegistry } from '../../src/rooms/room-registry.ts';
import type { Plant } from './plants.ts';
import type { SharedStore, StorePorts } from './store-ports.ts';

export interface PlantedLogDeps {
  readonly log: UpdateLog;
  readonly fanOut: FanOut;
  readonly store: SharedStore;
  readonly incarnation: string;
  readonly rooms: () => RoomRegistry;
}

/** The node's log with a bug in front of it; the log itself for bugs that lie elsewhere. */
export function plantIntoLog(plant: Plant | null, deps: PlantedLogDeps): UpdateLog {
  switch (plant) {
    case 'ack-before-commit':
      return acknowledgeEarly(deps);
    case 'relay-before-commit':
      return relayEarly(deps);
    case 'no-gap-read':
      return {
        ...deps.log,
        // Whoever has the document open and asks for rows has missed some. To answer that there are none would not do:
        // a room whose rows are nowhere is loaded anew.
        readRows: (documentId, ...asked) =>
          deps.rooms().get(documentId) === null
            ? deps.log.readRows(documentId, ...asked)
            : Promise.reject(new ScriptoriumError('storage-unavailable')),
      };
    case 'append-not-idempotent':
      return appendAnew(deps.log);
    default:
      return deps.log;
  }
}

/** Answers when the append goes out, and does it properly behind that. */
function acknowledgeEarly({ log, store }: PlantedLogDeps): UpdateLog {
  let last: Promise<unknown> = Promise.resolve();
  const appendInTheEnd = async (batch: AppendBatch): Promise<void> => {
    for (let retry = false; ; retry = true) {
      try {
        const results = await log.append({ ...batch, retry });
        if (results.every((result) => result.kind !== 'busy')) return;
      } catch {
        // Once more.
      }
    }
  };
  return {
    ...log,
    append: (batch) => {
      last = last.then(() => appendInTheEnd(batch));
      return Promise.resolve(batch.entries.map((entry) => guess(store, entry.documentId, entry.payload !== null)));
    },
  };
}

function guess(store: SharedStore, documentId: DocumentId, isRow: boolean): AppendResult {
  return { kind: 'stored', seq: (store.tables.documents.get(documentId)?.head ?? 0) + (isRow ? 1 : 0) };
}

/** Tells the other nodes of a row under the number that it will probably get. */
function relayEarly({ log, fanOut, store, incarnation }: PlantedLogDeps): UpdateLog {
  return {
    ...log,
    append: (batch) => {
      for (const { documentId, epoch, payload } of batch.entries) {
        const seq = (store.tables.documents.get(documentId)?.head ?? 0) + 1;
        if (payload !== null) fanOut.publish({ node: incarnation, documentId, epoch, seq, payload });
      }
      return log.append(batch);
    },
  };
}

/** Takes every try for another append. */
function appendAnew(log: UpdateLog): UpdateLog {
  let flush = 0;
  return {
    ...log,
    append: (batch) => {
      flush += 1;
      return log.append({ ...batch, flush, retry: false });
    },
  };
}

/** Compacts from what a room shows at this moment. */
export async function compactLive(
  deps: Pick<StorePorts, 'history' | 'snapshotIndex'> & { readonly rooms: RoomRegistry },
  documentId: DocumentId,
): Promise<boolean> {
  const room = deps.rooms.get(documentId);
  const progress = await deps.history.readProgress(documentId);
  if (room === null || room.discarded || progress === null) return false;
  const { epoch, seq } = room.position;
  if (seq <= progress.snapshotSeq) return false;
  const content = room.state.encode();
  const sha256 = hash('sha256', content, 'hex');
  const snapshot = { seq, at: 0, sha256, bytes: content.byteLength, place: { kind: 'inline', content } } as const;
  return deps.snapshotIndex.publish({ documentId, epoch, expectedSeq: progress.snapshotSeq, snapshot });
}
