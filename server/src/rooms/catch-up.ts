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
/** Rooms that are reading rows at this moment: a second request joins nothing, the first reads to the end. */
const reading = new WeakSet<Room>();

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
      if (reading.has(room)) return;
      try {
        room.applyRow(message.seq, decodeLogRow(message.payload));
      } catch (error) {
        deps.telemetry.metrics.count('relay_malformed_total');
        deps.telemetry.log.warn('relay_malformed', { documentId: room.documentId, seq: message.seq }, error);
      }
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
  if (reading.has(room)) return;
  reading.add(room);
  try {
    let more = true;
    while (more && !room.discarded) {
      const rows = await deps.log.readRows(room.documentId, room.position.seq, PAGE);
      applyRows(room, rows);
      more = rows.length === PAGE;
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
    if (row.seq === room.position.seq + 1) room.applyRow(row.seq, decodeLogRow(row.payload));
  }
}
