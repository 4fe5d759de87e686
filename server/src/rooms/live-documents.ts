import { decodeStateVector, encodeStateVector, encodeStateVectorFromUpdate } from 'yjs';
import { ScriptoriumError } from '../core/errors.ts';
import { storedUpdateLimits } from '../core/limits.ts';
import type { Position } from '../core/sequence.ts';
import { isCompleteState } from '../core/update-complete.ts';
import { parseUpdate } from '../core/update-parser.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentRecord, LastState } from '../ports/document-catalog.ts';
import type {
  ChangeOutcome,
  CommittedParts,
  CommittedState,
  LiveDocuments,
  RetireReason,
} from '../ports/live-documents.ts';
import { createCommittedState } from './committed-state.ts';
import { inTime, type DocumentTurns } from './document-turns.ts';
import type { LoadDeps } from './load-base.ts';
import { loadDocument, type LoadedDocument } from './load-document.ts';
import { batchRows } from './merge-loaded.ts';
import { openDocument } from './open-document.ts';
import type { RoomRegistry } from './room-registry.ts';
import { readStateAt } from './state-at.ts';
import type { Room } from './room.ts';

export type LiveDocumentsDeps = LoadDeps & {
  readonly rooms: RoomRegistry;
  readonly clock: Clock;
  readonly turns: DocumentTurns;
};

/** How often a change is tried while other nodes write. */
const MOST_TRIES = 20;

/** What REST sees of documents that may be open: reads are of committed state only, changes of identity end the room. */
export function createLiveDocuments(deps: LiveDocumentsDeps): LiveDocuments {
  const read = async (record: DocumentRecord): Promise<CommittedState> => {
    const room = await findLevelRoom(deps, record);
    if (room === null) return readFromLog(deps, record);
    return { ...room.position, state: room.committed.merged(), damaged: room.quarantine !== null };
  };

  const readParts = async (record: DocumentRecord, mergedUpTo: number): Promise<CommittedParts> => {
    const room = await findLevelRoom(deps, record);
    if (room !== null && room.committed.bytes > mergedUpTo) return { ...room.position, parts: room.committed.parts() };
    const { epoch, seq, state } = room === null ? await readFromLog(deps, record) : await read(record);
    return { epoch, seq, parts: [state] };
  };

  const retireNow = async <T>(record: DocumentRecord, { reason, change }: Retirement<T>): Promise<T> => {
    // Held open meanwhile, so that nobody opens it behind the state vector.
    const wasOpen = deps.rooms.get(record.id) !== null;
    const room = await openMerged(deps, record);
    room.freeze(true);
    let done = false;
    try {
      await inTime(deps.clock, room.whenDurable());
      const result = await changeAtLastState(deps, { record, room }, change);
      done = true;
      return result;
    } finally {
      if (done) room.discard(reason === 'deleted' ? 'document-deleted' : 'room-discarded');
      // Opened without its tombstone, it is not one to go on with.
      else if (!wasOpen) room.discard('room-discarded');
      else room.freeze(false);
      deps.rooms.release(room);
    }
  };

  const retire = async <T>(
    record: DocumentRecord,
    reason: RetireReason,
    change: (last: LastState) => Promise<ChangeOutcome<T>>,
  ): Promise<T> => {
    // One at a time, so that none thaws what another froze, and no edit of a program slips in behind the state vector.
    const end = await deps.turns.take(record.id);
    try {
      return await retireNow(record, { reason, change });
    } finally {
      end();
    }
  };

  return {
    read,
    readParts,
    retire,
    readAt: (record, seq) => readStateAt(deps, record.id, seq),
    settle: (record) => settle(deps, record),
  };
}

/** Opens the room of a document, which is merged by then: what cannot be must not end the room later. */
async function openMerged(deps: LiveDocumentsDeps, record: DocumentRecord): Promise<Room> {
  const room = await deps.rooms.open(record.id, new Map());
  room.state.mergeNow();
  if (!room.discarded) return room;
  deps.rooms.release(room);
  return openMerged(deps, record);
}

/** Lets what an open room was given reach the log, and says where that left it; `null`: it does not hold the last state. */
async function settle(
  { rooms, clock }: LiveDocumentsDeps,
  record: Pick<DocumentRecord, 'id'>,
): Promise<Position | null> {
  const room = rooms.get(record.id);
  if (room === null || room.discarded) return null;
  await inTime(clock, room.whenDurable());
  return room.discarded || !room.level ? null : room.position;
}

/** The room, when it is open and holds all that the question is about; `null`: the log has to be read. */
async function findLevelRoom({ rooms, clock }: LiveDocumentsDeps, record: DocumentRecord): Promise<Room | null> {
  const room = rooms.get(record.id);
  if (room === null || room.discarded) return null;
  // What was applied before the question is part of the answer.
  await inTime(clock, room.whenDurable());
  // Another node's row may be missing here, and what the caller was told of is part of the answer as well.
  return room.discarded || !room.level || room.position.seq < record.head ? null : room;
}

/** What of a damaged document cannot be shown must not come back either, so its clocks count as well. */
function lastStateVector(state: Uint8Array, room: Room): Uint8Array {
  const vector = encodeStateVectorFromUpdate(state);
  if (room.quarantine === null || room.quarantine.clocksLeftOut.size === 0) return vector;
  const clocks = decodeStateVector(vector);
  for (const [client, clock] of room.quarantine.clocksLeftOut) {
    clocks.set(client, Math.max(clock, clocks.get(client) ?? 0));
  }
  return encodeStateVector(clocks);
}

interface Retirement<T> {
  readonly reason: RetireReason;
  readonly change: (last: LastState) => Promise<ChangeOutcome<T>>;
}

/** Runs the change with what the log holds, again where another node wrote meanwhile. */
async function changeAtLastState<T>(
  deps: LoadDeps,
  document: { readonly record: DocumentRecord; readonly room: Room },
  change: (last: LastState) => Promise<ChangeOutcome<T>>,
): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { epoch, seq, state } = await readFromLog(deps, document.record);
    const outcome = await change({ epoch, seq, stateVector: lastStateVector(state, document.room) });
    if (outcome.kind === 'done') return outcome.result;
  }
  throw new ScriptoriumError('overloaded', 'other nodes go on writing into the document');
}

async function readFromLog(deps: LoadDeps, record: DocumentRecord): Promise<CommittedState> {
  const loaded = await loadDocument(deps, record.id);
  const merged = mergeBytes(loaded);
  if (merged !== null) return { epoch: loaded.epoch, seq: loaded.seq, state: merged, damaged: false };
  const { loaded: opened, state, quarantine } = await openDocument(deps, record.id);
  const encoded = state.encode();
  state.destroy();
  return { epoch: opened.epoch, seq: opened.seq, state: encoded, damaged: quarantine !== null };
}

/** The state without building a document; `null` when it is not whole, so that a document has to be built. */
function mergeBytes(loaded: LoadedDocument): Uint8Array | null {
  if (loaded.damage.length > 0) return null;
  const committed = createCommittedState(loaded.snapshot ?? undefined);
  if (loaded.rows.length === 0) return committed.merged();
  const { updates, isWhole } = batchRows(loaded);
  if (!isWhole) return null;
  try {
    committed.push(updates.map(({ bytes }) => bytes));
    const merged = committed.merged();
    const parsed = parseUpdate(merged, storedUpdateLimits);
    return parsed.kind === 'parsed' && isCompleteState(parsed) ? merged : null;
  } catch {
    return null;
  }
}
