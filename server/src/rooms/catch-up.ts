import { decodeLogRow } from '../core/log-row.ts';
import { planHead, planRelay, type Position } from '../core/sequence.ts';
import type { RelayMessage } from '../ports/fan-out.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Head, LogRow, UpdateLog } from '../ports/update-log.ts';
import type { Room } from './room.ts';
import { inBackground } from '../service.ts';

export interface CatchUpDeps {
  readonly log: UpdateLog;
  readonly telemetry: Telemetry;
}

const PAGE = 500;
/** Rooms that are reading rows at this moment, and whether more was asked for since their last page was asked for. */
const reading = new WeakMap<Room, { again: boolean }>();

/** Takes a row that another node relayed: applies the next one, drops what is known, reads the log where rows are missing. */
export function receiveRelay(deps: CatchUpDeps, room: Room, message: RelayMessage): void {
  if (room.discarded) return;
  switch (planRelay(room.position, message)) {
    case 'duplicate':
      return;
    case 'reload':
      room.discard('room-discarded');
      return;
    case 'read-gap':
      deps.telemetry.metrics.count('relay_gaps_total');
      inBackground(deps.telemetry.log, 'catch_up_failed', catchUp(deps, room));
      return;
    case 'apply':
      if (reading.has(room) || !applyRelay(deps, room, message)) {
        inBackground(deps.telemetry.log, 'catch_up_failed', catchUp(deps, room));
      }
  }
}

/** Applies the next row; false when it is but a hint, or cannot be read, so that the log must be asked. */
function applyRelay(deps: CatchUpDeps, room: Room, { seq, payload }: RelayMessage): boolean {
  if (payload === null) return false;
  try {
    room.applyRow(seq, decodeLogRow(payload));
    return true;
  } catch (error) {
    deps.telemetry.metrics.count('relay_malformed_total');
    deps.telemetry.log.warn('relay_malformed', { documentId: room.documentId, seq }, error);
    return false;
  }
}

/** Reads the heads of rooms in one query and brings each level; a failure is left to the next comparison. */
export async function compareHeads(deps: CatchUpDeps, rooms: readonly Room[]): Promise<void> {
  const asked = new Map(rooms.map((room) => [room.documentId, { room, before: room.position }]));
  if (asked.size === 0) return;
  try {
    for (const head of await deps.log.readHeads([...asked.keys()])) {
      const { room, before } = asked.get(head.documentId) ?? {};
      if (room !== undefined && before !== undefined) compareHead(deps, room, { head, before });
    }
  } catch (error) {
    deps.telemetry.log.warn('head_comparison_failed', { rooms: asked.size }, error);
  }
}

/**
 * Compares the room with the log's head and brings it level. `before` is where the room stood when the head was asked
 * for: an answer that is older than the room must not look like another history.
 */
export function compareHead(
  deps: CatchUpDeps,
  room: Room,
  asked: { readonly head: Head; readonly before: Position },
): void {
  if (room.discarded || !room.settled) return;
  const plan = planHead(asked.before, { epoch: asked.head.epoch, seq: asked.head.head });
  if (plan === 'reload') room.discard('room-discarded');
  else if (plan === 'read-gap') inBackground(deps.telemetry.log, 'catch_up_failed', catchUp(deps, room));
}

/** Reads the rows that the room lacks and applies them in order; a failure is left to the next comparison of heads. */
export async function catchUp(deps: CatchUpDeps, room: Room): Promise<void> {
  const underWay = reading.get(room);
  if (underWay !== undefined) {
    // The page that is on its way may have been read before the row was committed that this call is about.
    underWay.again = true;
    return;
  }
  const state = { again: true };
  reading.set(room, state);
  try {
    while (state.again && !room.discarded) {
      state.again = false;
      const rows = await deps.log.readRows(room.documentId, room.position.seq, PAGE);
      applyRows(room, rows);
      if (rows.length === PAGE) state.again = true;
    }
  } catch (error) {
    deps.telemetry.log.warn('catch_up_failed', { documentId: room.documentId }, error);
  } finally {
    reading.delete(room);
  }
}

function applyRows(room: Room, rows: readonly LogRow[]): void {
  for (const row of rows) {
    if (room.discarded) return;
    const next = room.position.seq + 1;
    if (row.seq === next) room.applyRow(row.seq, decodeLogRow(row.payload));
    // Rows that a snapshot holds may be gone from the log; a load finds them there.
    else if (row.seq > next) room.discard('room-discarded');
  }
}
