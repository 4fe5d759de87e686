import { SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import { assertNever } from '../core/errors.ts';
import { backoffDelay } from '../core/backoff.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { receiveUpdate, type Receipt } from '../rooms/receive-update.ts';
import { awarenessFrame, syncStep1Frame, syncStep2Frame, updateFrame } from './frames.ts';
import type { Session } from './session.ts';
import { readStateVector, syncReply } from './sync-reply.ts';
import { inBackground } from '../service.ts';

export interface SyncDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const RESYNC = { first: 1_000, most: 60_000 } as const;
/** Frames and bytes that one session may have held back for gaps. */
const HELD_FRAMES = 200;
const HELD_BYTES = 4 * 1024 * 1024;

/** Milliseconds of silence after which a client is taken for one that answers no SyncStep1. */
const FIRST_ROUND_SILENCE = 5_000;

/** Handles one Sync frame. Returns false when the bytes do not follow the protocol. */
export function receiveSync(deps: SyncDeps, session: Session, body: decoding.Decoder): boolean {
  const type = decoding.readVarUint(body);
  const bytes = decoding.readVarUint8Array(body);
  if (decoding.hasContent(body)) return false;
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

/** Answers with what the client lacks, and asks for what the server lacks. */
function receiveStep1(deps: SyncDeps, session: Session, encoded: Uint8Array): boolean {
  if (readStateVector(encoded) === null) return false;
  if (session.rounds.length === 0 && !session.firstRoundDone) closeGateForFirstRound(deps, session);
  // Who may only read is shown committed state, so what is on its way to the log must arrive first.
  if (session.writable || session.room.settled) sendSyncReply(session, encoded);
  else inBackground(deps.telemetry.log, 'sync_reply_failed', sendCommittedReply(session, encoded));
  return true;
}

async function sendCommittedReply(session: Session, stateVector: Uint8Array): Promise<void> {
  await session.room.whenDurable();
  if (!session.ended && !session.room.discarded) sendSyncReply(session, stateVector);
}

/**
 * Holds answers back until the client's first SyncStep2 is durable. A client that never sends one (no stock client
 * does so) gets its answers once its connection has been silent for a while.
 */
function closeGateForFirstRound(deps: SyncDeps, session: Session): void {
  session.ledger.closeGate();
  let heard = session.socket.bytesRead;
  const watch = (): void => {
    if (session.ended || session.firstRoundDone) return;
    if (!session.socket.reading || session.socket.bytesRead !== heard) {
      heard = session.socket.bytesRead;
      deps.clock.after(FIRST_ROUND_SILENCE, watch);
      return;
    }
    session.ledger.openGate(session.room.submitted);
    session.releaseAnswers();
  };
  deps.clock.after(FIRST_ROUND_SILENCE, watch);
}

function sendSyncReply(session: Session, stateVector: Uint8Array): void {
  const parts = syncReply(session.room, stateVector, session.writable);
  const last = parts.at(-1) ?? new Uint8Array([0, 0]);
  // A client counts as synced at the first SyncStep2, so it comes last and what it builds on before it.
  for (const part of parts.slice(0, -1)) session.sendFrame(updateFrame(session.address, part));
  session.sendFrame(syncStep2Frame(session.address, last));
  askForMissing(session, true);
  const present = session.room.awareness.encodeAll();
  if (present !== null) session.sendFrame(awarenessFrame(session.address, present));
}

/** Sends our SyncStep1; its answer is acknowledged only in rounds that the client started. */
export function askForMissing(session: Session, acknowledged: boolean): void {
  session.rounds.push({ acknowledged });
  session.sendFrame(syncStep1Frame(session.address, session.room.state.stateVector()));
}

function receiveStep2(deps: SyncDeps, session: Session, bytes: Uint8Array): boolean {
  const round = session.rounds.shift();
  const receipt = receiveUpdate(session.room, session, { bytes, via: 'step2' });
  const fine = take(deps, session, { receipt, bytes, answered: round?.acknowledged ?? false });
  if (fine && !session.firstRoundDone) {
    session.firstRoundDone = true;
    session.ledger.openGate(session.room.submitted);
  }
  retryHeld(deps, session);
  session.releaseAnswers();
  return fine;
}

function receiveUpdateFrame(deps: SyncDeps, session: Session, bytes: Uint8Array): boolean {
  deps.telemetry.metrics.count('updates_received_total');
  const receipt = receiveUpdate(session.room, session, { bytes, via: 'update' });
  const fine = take(deps, session, { receipt, bytes, answered: true });
  if (session.held.length > 0) retryHeld(deps, session);
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
    return frame.answered ? session.ledger.push(entry) : entry;
  };
  switch (receipt.kind) {
    case 'accepted':
      owe(receipt.after, true);
      return true;
    case 'partial':
      // What is left refers to something that this client may never have; its own edits are in.
      owe(receipt.after, true);
      deps.telemetry.metrics.count('updates_gap_total');
      scheduleResync(deps, session);
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
  if (code === 'malformed-update') {
    // The socket is about to close, so the answer cannot wait for its turn.
    session.answer({ after: 0, saved: false, arrivedAt: deps.clock.monotonic() });
    return false;
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
  scheduleResync(deps, session);
}

/** Asks for what is missing: the first time at once, then with growing pauses, never in a loop. */
function scheduleResync(deps: SyncDeps, session: Session): void {
  if (session.resyncTimer !== null) return;
  const ask = (): void => {
    session.resyncTimer = null;
    if (!session.ended) askForMissing(session, false);
  };
  const attempt = session.resyncAttempts;
  session.resyncAttempts += 1;
  const delay = attempt === 0 ? 0 : backoffDelay(attempt - 1, RESYNC, deps.clock.random());
  session.resyncTimer = deps.clock.after(delay, ask);
}

/** Tries the held updates again, in their order; one that still lacks something keeps its place. */
function retryHeld(deps: SyncDeps, session: Session): void {
  const waiting = session.held.splice(0);
  for (const held of waiting) {
    const receipt = receiveUpdate(session.room, session, { bytes: held.bytes, via: 'update' });
    if (receipt.kind === 'accepted') {
      held.entry.after = receipt.after;
    } else if (receipt.kind === 'refused') {
      held.entry.after = session.room.submitted;
      held.entry.saved = false;
    } else {
      session.held.push(held);
    }
  }
  if (waiting.length === 0) return;
  if (session.held.length === 0) session.resyncAttempts = 0;
  else scheduleResync(deps, session);
}
