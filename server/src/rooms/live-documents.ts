import { encodeStateVectorFromUpdate } from 'yjs';
import type { CommittedState, LiveDocuments, RetireReason } from '../ports/live-documents.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import { updatesOf } from '../core/pending-row.ts';
import { createCommittedState } from './committed-state.ts';
import { loadDocument, type LoadDeps } from './load-document.ts';
import type { RoomRegistry } from './room-registry.ts';

/** What REST sees of documents that may be open: reads are of committed state only, changes of identity end the room. */
export function createLiveDocuments(deps: LoadDeps & { readonly rooms: RoomRegistry }): LiveDocuments {
  const read = async (record: DocumentRecord): Promise<CommittedState> => {
    const room = deps.rooms.get(record.id);
    if (room === null || room.discarded) return readFromLog(deps, record);
    // What was applied before the question is part of the answer.
    await room.whenDurable();
    if (room.discarded) return readFromLog(deps, record);
    return { epoch: room.position.epoch, seq: room.position.seq, state: room.committed.merged() };
  };

  const retire = async <T>(
    record: DocumentRecord,
    reason: RetireReason,
    change: (stateVector: Uint8Array) => Promise<T>,
  ): Promise<T> => {
    const room = deps.rooms.get(record.id);
    room?.freeze(true);
    try {
      const { state } = await read(record);
      const result = await change(encodeStateVectorFromUpdate(state));
      deps.rooms.discard(record.id, reason === 'deleted' ? 'document-deleted' : 'room-discarded');
      return result;
    } finally {
      room?.freeze(false);
    }
  };

  return { read, retire };
}

async function readFromLog(deps: LoadDeps, record: DocumentRecord): Promise<CommittedState> {
  const loaded = await loadDocument(deps, record.id);
  const committed = createCommittedState(loaded.snapshot ?? undefined);
  for (const row of loaded.rows) committed.push(updatesOf(row.segments));
  return { epoch: loaded.epoch, seq: loaded.seq, state: committed.merged() };
}
