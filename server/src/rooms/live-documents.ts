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
    // Held open meanwhile, so that nobody opens it behind the state vector.
    const wasOpen = deps.rooms.get(record.id) !== null;
    const room = await deps.rooms.open(record.id, new Map());
    room.freeze(true);
    let done = false;
    try {
      const { state } = await read(record);
      const result = await change(encodeStateVectorFromUpdate(state));
      done = true;
      return result;
    } finally {
      if (done) room.discard(reason === 'deleted' ? 'document-deleted' : 'room-discarded');
      else if (!wasOpen) room.discard('room-discarded');
      else room.freeze(false);
      deps.rooms.release(room);
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
