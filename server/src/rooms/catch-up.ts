import { decodeLogRow } from '../core/log-row.ts';
import { planHead, planRelay, type Position } from '../core/sequence.ts';
import type { RelayMessage } from '../ports/fan-out.ts';
import type { Head } from '../ports/update-log.ts';
import { checkRow, readLog, type LogDeps, type ReadRow } from './read-log.ts';
import type { Room } from './room.ts';
import { inBackground } from '../service.ts';

export type CatchUpDeps = LogDeps;

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
      if (isFixed(room)) return;
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

/**
 * Reads the heads of rooms in one query and brings each level; the room of a document that is gone is dropped. A
 * failure is left to the next comparison.
 */
export async function compareHeads(deps: CatchUpDeps, rooms: readonly Room[]): Promise<void> {
  const asked = rooms.map((room) => ({ room, before: room.position }));
  if (asked.length === 0) return;
  try {
    const heads = await deps.log.readHeads(rooms.map((room) => room.documentId));
    const found = new Map(heads.map((head) => [head.documentId, head]));
    for (const { room, before } of asked) {
      const head = found.get(room.documentId);
      if (head === undefined) room.discard('document-deleted');
      else compareHead(deps, room, { head, before });
    }
  } catch (error) {
    deps.telemetry.log.warn('head_comparison_failed', { rooms: asked.length }, error);
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
  if (isFixed(room)) return;
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
      if (await readOn(deps, room)) state.again = true;
    }
  } catch (error) {
    deps.telemetry.log.warn('catch_up_failed', { documentId: room.documentId }, error);
  } finally {
    reading.delete(room);
  }
}

/**
 * Whether a room shows its document as it was when it was opened: rows that hang on what is damaged would wait inside
 * the state for ever. A repair raises the epoch, which ends the room. One that cannot be merged has ended by now.
 */
function isFixed(room: Room): boolean {
  room.state.mergeNow();
  return room.discarded || room.quarantine !== null;
}

/** Reads and applies one page; whether there may be more. */
async function readOn(deps: CatchUpDeps, room: Room): Promise<boolean> {
  const rows = (await deps.log.readRows(room.documentId, room.position.seq, PAGE)).map(checkRow);
  applyRows(room, rows);
  const left = rows.find(({ seq }) => seq > room.position.seq);
  if (left === undefined && rows.length > 0) return rows.length === PAGE;
  // What is gone from the log, or damaged there, is in a segment, if anywhere.
  const { seq } = room.position;
  const upTo = left === undefined ? await headOf(deps, room) : Math.max(seq + 1, left.seq - 1);
  if (room.discarded || upTo <= seq) return false;
  await readArchived(deps, room, upTo);
  return true;
}

/** Applies the rows that follow the room's position one by one, up to the first that is damaged or missing. */
function applyRows(room: Room, rows: readonly ReadRow[]): void {
  for (const row of rows) {
    if (room.discarded) return;
    if (row.seq <= room.position.seq) continue;
    if (row.seq !== room.position.seq + 1 || !row.intact) return;
    room.applyRow(row.seq, decodeLogRow(row.payload));
  }
}

/** The log's head, or where the room is when the log has nothing to say about this history of the document. */
async function headOf(deps: CatchUpDeps, room: Room): Promise<number> {
  const [head] = await deps.log.readHeads([room.documentId]);
  return head === undefined || head.epoch !== room.position.epoch ? room.position.seq : head.head;
}

async function readArchived(deps: CatchUpDeps, room: Room, upTo: number): Promise<void> {
  for await (const page of readLog(deps, room.documentId, { after: room.position.seq, upTo })) {
    if (page.kind === 'rows') applyRows(room, page.rows);
    // What nobody can give any more is a matter for a fresh load, which sets the document aside.
    if (page.kind === 'lost' || page.rows.some(({ intact }) => !intact)) room.discard('room-discarded');
    if (room.discarded) return;
  }
}
