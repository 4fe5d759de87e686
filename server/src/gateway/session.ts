import type { DocumentName } from '@scriptorium/shared/document-name';
import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { ERRORS } from '@scriptorium/shared/error-codes';
import type { ServerMessage } from '@scriptorium/shared/stateless-messages';
import { createAckLedger, type AckEntry, type AckLedger } from '../core/ack-ledger.ts';
import type { Bar } from '../core/session-standing.ts';
import type { PresenceRights } from '../core/presence-policy.ts';
import type { WriteScope } from '../core/write-scope.ts';
import type { TenantMetrics } from '../ports/telemetry.ts';
import type { Identity } from '../ports/token-verifier.ts';
import type { Outbound } from '../rooms/outbound.ts';
import type { RoomSession } from '../rooms/room-session.ts';
import type { Room } from '../rooms/room.ts';
import type { ReplyTurns } from './reply-turns.ts';
import { sendOutbound } from './send-outbound.ts';
import { createSessionGap, type SessionGap } from './session-gap.ts';
import { createSessionNotices } from './session-notices.ts';
import { authenticatedFrame, statelessFrame, syncStatusFrame, updateFrame, type FrameAddress } from './frames.ts';

/** What a session needs of its socket. */
export interface SessionSocket {
  readonly dialect: 'hocuspocus' | 'y-websocket';
  /** Bytes taken from the network so far. */
  readonly bytesRead: number;
  /** Whether what the client sends is read at present; under a limit it is not. */
  readonly reading: boolean;
  /** Answers that may be as large as a document. */
  readonly replies: ReplyTurns;
  /** Monotonic milliseconds. */
  now(): number;
  /** `taken` is called once the network has taken the frame. */
  send(frame: Uint8Array, taken?: () => void): void;
  /** Sends a frame in two parts, of which others may be sent the second one too. */
  sendInParts(head: Uint8Array, body: Uint8Array): void;
  /** Ends the whole socket with a code of the shared table. */
  end(code: ErrorCode): void;
  /** Ends one session; the socket too, where the client would not come back to the document otherwise. */
  endSession(session: Session, code: ErrorCode): void;
  /** Counts and times an answer that was given. */
  noteAcknowledged(entry: AckEntry): void;
}

/** Answers that may be owed to one session; a client that waits for more has all of it itself, and brings it again. */
const MOST_OWED = 10_000;

/** One SyncStep1 of ours that the client has yet to answer. */
interface Round {
  /** Whether its answer is acknowledged: rounds that the client started are, those that the server starts are not. */
  readonly acknowledged: boolean;
}

/** A frame kept until what it refers to has arrived. */
export interface HeldUpdate {
  readonly bytes: Uint8Array;
  readonly entry: AckEntry;
}

/**
 * One client in one document over one socket: who it is, what it may, what it is owed. It is a room session; what it
 * receives is handled by `session-sync.ts`.
 */
export class Session implements RoomSession {
  readonly socket: SessionSocket;
  readonly address: FrameAddress;
  readonly room: Room;
  /** What is counted of its tenant. */
  readonly counts: TenantMetrics;
  /** The document's name when the session came in. */
  readonly name: DocumentName;
  readonly ledger: AckLedger = createAckLedger();
  /** Our SyncStep1s that wait for an answer, oldest first. */
  readonly rounds: Round[] = [];
  /** Updates that refer to what the server lacks. */
  readonly held: HeldUpdate[] = [];
  /** ClientIDs that this session announced or wrote first. */
  readonly clients = new Set<number>();
  readonly gap: SessionGap = createSessionGap();
  lastSentAt = 0;
  /** The client's newest SyncStep1 that waits for its answer. */
  asked: Uint8Array | null = null;
  /** Of the first round: what the client brought along is not all in before it is done. */
  firstRound: 'awaited' | 'begun' | 'done' = 'awaited';
  ended = false;
  readonly #savedFrame: Uint8Array;
  #identity: Identity;
  #scope: WriteScope;
  #presence: PresenceRights;
  readonly #notices = createSessionNotices((message) => {
    this.tell(message);
  });
  readonly #isTenantFull: () => boolean;
  #barred: Bar = 'none';

  constructor(deps: {
    readonly socket: SessionSocket;
    readonly address: FrameAddress;
    readonly room: Room;
    readonly identity: Identity;
    readonly name: DocumentName;
    readonly scope: WriteScope;
    readonly presence: PresenceRights;
    /** Whether the tenant has all the bytes that it may. */
    readonly isTenantFull: () => boolean;
    readonly counts: TenantMetrics;
  }) {
    this.socket = deps.socket;
    this.address = deps.address;
    this.room = deps.room;
    this.counts = deps.counts;
    this.#identity = deps.identity;
    this.name = deps.name;
    this.#savedFrame = syncStatusFrame(deps.address, true);
    this.#scope = deps.scope;
    this.#presence = deps.presence;
    this.#isTenantFull = deps.isTenantFull;
  }

  /** Whose it is, by the last token; the same user of the same tenant throughout. */
  get identity(): Identity {
    return this.#identity;
  }

  get user(): string {
    return this.#identity.user;
  }

  get displayName(): string {
    return this.#identity.displayName;
  }

  get presence(): PresenceRights {
    return this.#presence;
  }

  /** Changes what it has of the others in the document, and brings both sides level. */
  setPresence(presence: PresenceRights): void {
    const before = this.#presence;
    this.#presence = presence;
    if (before.shows && !presence.shows) this.room.awareness.leave(this);
    if (before.sees !== presence.sees) this.room.awareness.bringLevel(this);
  }

  get scope(): WriteScope {
    return this.#scope;
  }

  /** Commenters are shown what readers are: they could not bring back what was lost of others' text. */
  get writable(): boolean {
    return this.#scope === 'all';
  }

  /** What it sent or said that keeps it from writing, whatever a token allows. */
  get barred(): Bar {
    return this.#barred;
  }

  renew(identity: Identity): void {
    this.#identity = identity;
  }

  bar(barred: Bar): void {
    this.#barred = barred;
    this.setScope('none');
  }

  /** Changes what the session may do. Who writes and who reads hear of an edit at different times, so it is brought level. */
  setScope(scope: WriteScope): void {
    const { writable } = this;
    this.#scope = scope;
    if (this.writable === writable) return;
    if (this.writable) this.#sendUncommitted();
    else
      this.room
        .whenDurable()
        .then(() => this.#sendCommitted())
        .catch(this.#end);
  }

  #sendUncommitted(): void {
    for (const update of this.room.uncommitted()) this.sendFrame(updateFrame(this.address, update));
  }

  #sendCommitted(): void {
    this.socket.replies.request((taken) => {
      if (this.ended || this.room.discarded) return null;
      const frame = updateFrame(this.address, this.room.committed.merged());
      this.sendFrame(frame, taken);
      return frame.byteLength;
    });
  }

  readonly #end = (): void => {
    this.socket.end('internal');
  };

  send(outbound: Outbound): void {
    if (this.ended) return;
    this.lastSentAt = this.socket.now();
    sendOutbound(this.socket, this.address, outbound);
  }

  sendFrame(frame: Uint8Array, taken?: () => void): void {
    if (this.ended) return;
    this.lastSentAt = this.socket.now();
    this.socket.send(frame, taken);
  }

  /** Tells the client what it may do now, in the words of the handshake. */
  announceScope(): void {
    if (this.socket.dialect === 'hocuspocus') this.sendFrame(authenticatedFrame(this.address, this.#scope === 'none'));
  }

  /** Tells our own client something; others ignore it, y-websocket has no such message. */
  tell(message: ServerMessage): void {
    if (this.socket.dialect === 'hocuspocus') this.sendFrame(statelessFrame(this.address, JSON.stringify(message)));
  }

  tellRefused(code: ErrorCode, client?: number): void {
    const about = client === undefined ? {} : { client };
    this.tell({
      type: 'scriptorium.refused',
      code,
      title: ERRORS[code].title,
      readOnly: this.#scope === 'none',
      ...about,
    });
  }

  get overQuota(): boolean {
    return this.#isTenantFull();
  }

  /** Notes that it wrote: close to the largest size of a document, our own client is told. */
  noteSize(): void {
    this.#notices.noteSize(this.room.state, this.room.mostBytes);
  }

  onPresenceRefused(code: ErrorCode): void {
    this.#notices.notePresence(code);
  }

  /** Adds an answer to those that are owed. */
  owe(entry: AckEntry): AckEntry {
    if (this.ledger.size >= MOST_OWED) this.socket.end('overloaded');
    return this.ledger.push(entry);
  }

  onDurable(durable: number): void {
    if (!this.ledger.waiting) return;
    for (const entry of this.ledger.release(durable)) this.answer(entry);
  }

  /** Gives every answer that is due. */
  releaseAnswers(): void {
    this.onDurable(this.room.durable);
  }

  answer(entry: AckEntry): void {
    if (entry.reply !== undefined) {
      entry.reply();
      return;
    }
    if (this.socket.dialect === 'hocuspocus')
      this.sendFrame(entry.saved ? this.#savedFrame : syncStatusFrame(this.address, false));
    this.socket.noteAcknowledged(entry);
  }

  onDiscarded(code: ErrorCode): void {
    this.socket.endSession(this, code);
  }

  /** Leaves the room; nothing is sent or answered any more. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.gap.close();
    this.room.detach(this);
  }
}
