import { SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import { assertNever } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { receiveUpdate, type Receipt } from '../rooms/receive-update.ts';
import { beginFirstRound, endFirstRound } from './first-round.ts';
import { awarenessFrame, syncStep1Frame, syncStep2Frame, updateFrame } from './frames.ts';
import type { Session } from './session.ts';
import { readStateVector, syncReply } from './sync-reply.ts';
import { inBackground } from '../service.ts';

export interface SyncDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Frames and bytes that one session may have held back for gaps. */
const HELD_FRAMES = 200;
const HELD_BYTES = 4 * 1024 * 1024;

/** SyncStep1s of ours that a client may leave without an answer. */
const OPEN_ROUNDS = 1_000;
/** Making an answer costs at least this part of the document, however little of it is new to the client. */
const LEAST_SHARE = 1 / 4;

/** Handles one Sync frame. Returns false when the bytes do not follow the protocol. */
export function receiveSync(deps: SyncDeps, session: Session, body: decoding.Decoder): boolean {
  const type = decoding.readVarUint(body);
  const bytes = decoding.readVarUint8Array(body);
  if (decoding.hasContent(body)) return false;
  beginFirstRound(deps.clock, session);
  switch (type) {
    case SYNC_TYPE.step1:
      return receiveStep1(deps, session, bytes);
    case SYNC_TYPE.step2:
      return receiveStep2(deps, session, bytes);
    case SYNC_TYPE.update:
      return receiveUpdateFrame(deps, session, bytes);
    default:
      return false;
  }
}

/**
 * Answers with what the client lacks, and asks for what the server lacks. One answer at a time: what a client asks
 * before it has read the last one is asked once, as it was asked last.
 */
function receiveStep1(deps: SyncDeps, session: Session, encoded: Uint8Array): boolean {
  if (readStateVector(encoded) === null) return false;
  const asked = session.asked !== null;
  session.asked = encoded.slice();
  if (asked) return true;
  openRound(session, true);
  // Who may only read is shown committed state, so what is on its way to the log must arrive first.
  if (session.writable || session.room.settled) requestSyncReply(session);
  else inBackground(deps.telemetry.log, 'sync_reply_failed', requestCommittedReply(session));
  return true;
}

async function requestCommittedReply(session: Session): Promise<void> {
  await session.room.whenDurable();
  requestSyncReply(session);
}

function requestSyncReply(session: Session): void {
  session.socket.replies.request((taken) => {
    const stateVector = session.asked;
    session.asked = null;
    // What of a document a client lacks is told by the merged one; to whoever has nothing goes all of it.
    if (stateVector !== null && stateVector.byteLength > 1) session.room.state.mergeNow();
    if (stateVector === null || session.ended || session.room.discarded) return null;
    try {
      return sendSyncReply(session, stateVector, taken);
    } catch (error) {
      // It may run behind the answer before it, where nobody else would catch this.
      session.room.fail(error);
      return null;
    }
  });
}

/** Sends the answer; returns what it cost, in bytes. */
function sendSyncReply(session: Session, stateVector: Uint8Array, taken: () => void): number {
  const parts = syncReply(session.room, stateVector, session.writable);
  const last = parts.at(-1) ?? new Uint8Array([0, 0]);
  // A client counts as synced at the first SyncStep2, so it comes last and what it builds on before it.
  for (const part of parts.slice(0, -1)) session.sendFrame(updateFrame(session.address, part));
  session.sendFrame(syncStep2Frame(session.address, last), () => {
    taken();
    // Now that the client has it and is busy, the node finds the time for what its edits will need.
    session.room.state.mergeNow();
  });
  sendStep1(session);
  const present = session.room.awareness.encodeFor(session);
  if (present !== null) session.sendFrame(awarenessFrame(session.address, present));
  const sent = parts.reduce((sum, part) => sum + part.byteLength, present?.byteLength ?? 0);
  return Math.max(sent, session.room.committed.bytes * LEAST_SHARE);
}

/** Expects an answer to a SyncStep1 of ours; it is acknowledged only in rounds that the client started. */
function openRound(session: Session, acknowledged: boolean): void {
  if (session.rounds.length >= OPEN_ROUNDS) session.socket.end('overloaded');
  session.rounds.push({ acknowledged });
}

/** Asks for what the server lacks, in a round of its own. */
export function askForMissing(session: Session): void {
  openRound(session, false);
  sendStep1(session);
}

function sendStep1(session: Session): void {
  session.sendFrame(syncStep1Frame(session.address, session.room.state.stateVector()));
}

function receiveStep2(deps: SyncDeps, session: Session, bytes: Uint8Array): boolean {
  const round = session.rounds.shift();
  const receipt = receiveUpdate(session.room, session, { bytes, via: 'step2' });
  const fine = take(deps, session, { receipt, bytes, answered: round?.acknowledged ?? false });
  if (fine) endFirstRound(session);
  retryHeld(session);
  // What is left of it refers to something that this client may never have; its own edits are in.
  if (receipt.kind === 'partial') openGap(deps, session);
  else if (session.held.length === 0) session.gap.close();
  session.releaseAnswers();
  return fine;
}

function receiveUpdateFrame(deps: SyncDeps, session: Session, bytes: Uint8Array): boolean {
  deps.telemetry.metrics.count('updates_received_total');
  session.counts.add('tenant_updates_received_total');
  const receipt = receiveUpdate(session.room, session, { bytes, via: 'update' });
  const fine = take(deps, session, { receipt, bytes, answered: true });
  if (session.held.length > 0) retryHeld(session);
  session.releaseAnswers();
  return fine;
}

/** Turns what became of an update into the answer that the session is owed. False: the bytes were malformed. */
function take(
  deps: SyncDeps,
  session: Session,
  frame: { readonly receipt: Receipt; readonly bytes: Uint8Array; readonly answered: boolean },
): boolean {
  const { receipt } = frame;
  const arrivedAt = deps.clock.monotonic();
  const owe = (after: number | null, saved: boolean) => {
    const entry = { after, saved, arrivedAt };
    return frame.answered ? session.owe(entry) : entry;
  };
  switch (receipt.kind) {
    case 'accepted':
      owe(receipt.after, true);
      session.noteSize();
      return true;
    case 'partial':
      owe(receipt.after, true);
      deps.telemetry.metrics.count('updates_gap_total');
      return true;
    case 'held':
      deps.telemetry.metrics.count('updates_gap_total');
      hold(deps, session, { bytes: frame.bytes, entry: owe(null, true) });
      return true;
    case 'refused':
      return refuse(deps, session, { receipt, owe });
    case 'overloaded':
      session.socket.end('overloaded');
      return true;
    default:
      return assertNever(receipt);
  }
}

type Refusal = Extract<Receipt, { kind: 'refused' }>;

function refuse(
  deps: SyncDeps,
  session: Session,
  refusal: { readonly receipt: Refusal; readonly owe: (after: number | null, saved: boolean) => unknown },
): boolean {
  const { code, client } = refusal.receipt;
  deps.telemetry.metrics.count(code === 'forked' ? 'updates_forked_total' : 'updates_refused_total');
  session.counts.add('tenant_updates_refused_total');
  if (code === 'malformed-update') {
    // The socket is about to close, so the answer cannot wait for its turn.
    session.answer({ after: 0, saved: false, arrivedAt: deps.clock.monotonic() });
    return false;
  }
  if (code === 'document-full' || code === 'quota-exceeded') {
    deps.telemetry.metrics.count('quota_refused_total');
    session.counts.add('tenant_quota_refused_total');
  }
  refusal.owe(session.room.submitted, false);
  if (code === 'forked') {
    session.tellRefused(code, client);
    return true;
  }
  // What follows structs that were refused could only wait for them; deletions of a commenter leave no such gap.
  const leavesGap = code !== 'comments-only' || refusal.receipt.isBarren !== true;
  if (session.scope !== 'none' && leavesGap) {
    session.bar(code === 'comments-only' ? 'below-all' : 'for-good');
    session.announceScope();
  }
  if (code !== 'read-only') session.tellRefused(code);
  return true;
}

function hold(deps: SyncDeps, session: Session, held: Session['held'][number]): void {
  const bytes = session.held.reduce((sum, entry) => sum + entry.bytes.byteLength, held.bytes.byteLength);
  if (session.held.length >= HELD_FRAMES || bytes > HELD_BYTES) {
    // It has all of this itself: coming back, it sends one SyncStep2 instead of a queue of frames.
    session.socket.end('overloaded');
    return;
  }
  session.held.push(held);
  openGap(deps, session);
}

function openGap(deps: SyncDeps, session: Session): void {
  session.gap.open(deps.clock, () => {
    if (!session.ended && !session.room.discarded) askForMissing(session);
  });
}

/** Tries the held updates again, in their order; one that still lacks something keeps its place. */
function retryHeld(session: Session): void {
  const waiting = session.held.splice(0);
  for (const held of waiting) {
    const receipt = receiveUpdate(session.room, session, { bytes: held.bytes, via: 'update' });
    if (receipt.kind === 'accepted') {
      held.entry.after = receipt.after;
    } else if (receipt.kind === 'refused') {
      held.entry.after = session.room.submitted;
      held.entry.saved = false;
    } else if (receipt.kind === 'overloaded') {
      session.socket.end('overloaded');
      return;
    } else {
      session.held.push(held);
    }
  }
  if (waiting.length > 0 && session.held.length === 0) session.gap.close();
}
