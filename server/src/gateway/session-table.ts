import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import type { Connection, Hocuspocus } from '@hocuspocus/server';
import { parseAddress, plainAddress, qualifyAddress } from '../core/address.ts';
import { ScriptoriumError, toScriptoriumError } from '../core/errors.ts';
import { inBackground } from '../service.ts';
import { identify } from './admission.ts';
import type { ClientSocket } from './client-socket.ts';
import { farewell } from './farewell.ts';
import { authMessage, frameAddress, permissionDeniedFrame, readdress, type InboundFrame } from './frames.ts';
import { mayComeOutside, readToken } from './login-frames.ts';
import { receiveFrame, type SessionHost } from './session-frames.ts';
import { letIn, turnAway, type Login, type LoginDeps } from './session-login.ts';
import { findFull, type SlotLimits } from './slot-limits.ts';
import type { SyncDeps } from './session-sync.ts';
import type { Session } from './session.ts';
import { keepStanding, type SessionStanding } from './session-standing.ts';
import type { Visits } from './visits.ts';

/** What a connection of Hocuspocus knows of ours. */
export interface HocuspocusContext {
  readonly table: SessionTable;
}

type ClientConnection = ReturnType<Hocuspocus['handleConnection']>;

/** A session on its way in: its frames wait here and pass the same gate as any other once it is in. */
interface Entering {
  readonly kind: 'entering';
  readonly queue: InboundFrame[];
  queuedBytes: number;
  session: Session | null;
  /** Whether its client has said goodbye already. */
  leaving: boolean;
  /** Whether Hocuspocus has asked about it. */
  asked: boolean;
}

interface Open {
  readonly kind: 'open';
  readonly session: Session;
  readonly connection: Connection;
  readonly standing: SessionStanding;
}

/** Bytes of frames that may wait behind a socket's logins before it is not read any further. */
const QUEUE_BYTES = 1024 * 1024;
/** Signals that a login counts for. */
const LOGIN_COST = 10;

export type SessionTableDeps = LoginDeps &
  SlotLimits &
  SyncDeps & {
    /** Bytes outside any session that it may send before anybody was let in. */
    readonly maxOutsideBytes: number;
    /** Told of who comes and goes, where anybody wants to know. */
    readonly visits?: Visits;
  };

/** The sessions of one socket, by the address that the client uses, and the way of each frame to its handler. */
export class SessionTable {
  readonly #deps: SessionTableDeps;
  readonly #socket: ClientSocket;
  readonly #slots = new Map<string, Entering | Open>();
  readonly #frames;
  #outsideBytes = 0;
  #queuedBytes = 0;
  #hocuspocus: ClientConnection | null = null;

  constructor(deps: SessionTableDeps, socket: ClientSocket) {
    this.#deps = deps;
    this.#socket = socket;
    this.#frames = { ...deps, socket, host: this.#createHost() };
  }

  /** Hands over Hocuspocus's end of the socket; no frame is handled before. */
  connect(hocuspocus: ClientConnection): void {
    this.#hocuspocus = hocuspocus;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Whether anybody was ever let in on this socket. */
  get entered(): boolean {
    return this.#socket.identity !== null;
  }

  sessions(): Session[] {
    return [...this.#slots.values()].flatMap((slot) => (slot.kind === 'open' ? [slot.session] : []));
  }

  /** Tells the clients when to come back, where they should, before the socket ends. */
  sayFarewell(code: ErrorCode): void {
    const message = farewell(code, this.#deps.leaving());
    if (message !== null) for (const session of this.sessions()) session.tell(message);
  }

  /** Handles one frame of the client; false when it breaks the protocol. */
  receive(frame: InboundFrame): boolean {
    const slot = this.#slots.get(frame.address);
    if (slot === undefined) {
      if (frame.type !== FRAME_TYPE.auth) return this.#dropOutside(frame);
      this.#socket.charge('signals', LOGIN_COST);
      const token = readToken(frame);
      if (token === null) return false;
      this.enter(frame.address, token);
      return true;
    }
    if (slot.kind === 'entering') return this.#enqueue(slot, frame);
    return receiveFrame(this.#frames, slot.session, frame);
  }

  /** Drops a frame outside any session, within bounds; false when it breaks them. */
  #dropOutside(frame: InboundFrame): boolean {
    this.#socket.charge('signals');
    if (!this.entered) this.#outsideBytes += frame.bytes.byteLength;
    return mayComeOutside(frame.type, this.#outsideBytes, this.#deps.maxOutsideBytes);
  }

  #enqueue(slot: Entering, frame: InboundFrame): boolean {
    slot.queue.push(frame);
    if (frame.type === FRAME_TYPE.close) slot.leaving = true;
    slot.queuedBytes += frame.bytes.byteLength;
    this.#queuedBytes += frame.bytes.byteLength;
    if (this.#queuedBytes > QUEUE_BYTES) this.#socket.pauseReading(`entering ${frame.address}`);
    return true;
  }

  #createHost(): SessionHost {
    return {
      forward: (session, bytes) => {
        const { tenant } = session.identity;
        this.#hocuspocus?.handleMessage(readdress(bytes, frameAddress(qualifyAddress(tenant, session.address.key))));
      },
      leave: (session) => {
        this.#close(session, { code: 1000, reason: 'provider_initiated' });
      },
      refresh: (session, token) => {
        inBackground(this.#deps.telemetry.log, 'token_refresh_failed', this.#refresh(session, token));
      },
    };
  }

  /** Lets the client into a document; what it sends meanwhile waits. */
  enter(address: string, token: string): void {
    const full = findFull(this.#slots, address, this.#deps);
    if (full !== null) {
      turnAway(this.#deps, this.#socket, { address, error: new ScriptoriumError('limit-exceeded', full) });
      return;
    }
    if (!this.entered) this.#socket.enterStage('entering');
    const waiting = { session: null, asked: false, leaving: false };
    const slot: Entering = { kind: 'entering', queue: [], queuedBytes: 0, ...waiting };
    this.#slots.set(address, slot);
    inBackground(this.#deps.telemetry.log, 'admission_failed', this.#admit({ address, token }, slot));
  }

  async #admit(login: Login, slot: Entering): Promise<void> {
    try {
      slot.session = await letIn(this.#deps, this.#socket, login);
      if (slot.session === null) return;
      const qualified = frameAddress(qualifyAddress(slot.session.identity.tenant, login.address));
      this.#hocuspocus?.handleMessage(authMessage(qualified));
    } catch (error) {
      if (!this.#socket.open) return;
      this.#slots.delete(login.address);
      turnAway(this.#deps, this.#socket, { address: login.address, error: toScriptoriumError(error) });
      this.#queuedBytes -= slot.queuedBytes;
      this.#socket.resumeReading(`entering ${login.address}`);
      this.#retry(slot);
    }
  }

  /** A client that knocked again behind a login that was refused is heard; what was meant for the refused one is not. */
  #retry(refused: Entering): void {
    const next = refused.queue.findIndex((frame) => frame.type === FRAME_TYPE.auth);
    if (next !== -1) this.#receiveAll(refused.queue.slice(next));
  }

  #receiveAll(frames: readonly InboundFrame[]): void {
    for (const frame of frames) {
      if (!this.#socket.open) return;
      this.#socket.handle(() => this.receive(frame));
    }
  }

  /** Whether Hocuspocus may let in a session of this document, and whether it only reads; `null` when nobody waits. */
  awaitedReadOnly(qualifiedName: string): boolean | null {
    const name = plainAddress(qualifiedName);
    for (const [address, slot] of this.#slots) {
      if (slot.kind !== 'entering' || slot.session === null || slot.asked) continue;
      if (parseAddress(address)?.name !== name) continue;
      // It asks in the order in which it was told of them.
      slot.asked = true;
      return slot.session.scope === 'none';
    }
    return null;
  }

  /** Hocuspocus has let the session in: it joins its room, and what waited is handled in order. */
  opened(connection: Connection): void {
    const address = plainAddress(connection.messageAddress);
    const slot = this.#slots.get(address);
    if (slot?.kind !== 'entering' || slot.session === null || !this.#socket.open) return;
    const { session } = slot;
    if (session.room.discarded) {
      this.#socket.end('room-discarded');
      return;
    }
    this.#slots.set(address, { kind: 'open', session, connection, standing: keepStanding(this.#deps, session) });
    session.room.attach(session);
    this.#deps.visits?.noteJoined(session);
    if (session.room.quarantine !== null) {
      session.bar('for-good');
      session.tellRefused('document-quarantined');
    }
    this.#deps.telemetry.metrics.count('sessions_total');
    this.#queuedBytes -= slot.queuedBytes;
    this.#receiveAll(slot.queue);
    this.#socket.resumeReading(`entering ${address}`);
  }

  /** Delivers a stateless message that came by way of Hocuspocus. */
  sessionOf(connection: Connection): Session | null {
    const slot = this.#slots.get(plainAddress(connection.messageAddress));
    return slot?.kind === 'open' ? slot.session : null;
  }

  /** A new token within a session: same tenant, same user; what it grants holds from now on. */
  async #refresh(session: Session, token: string): Promise<void> {
    try {
      const identity = await identify(this.#deps.verifier, { token, owner: session.identity });
      this.#slotOf(session)?.slot.standing.renew(identity);
    } catch (error) {
      const { code, definition } = toScriptoriumError(error);
      // What cannot be told at present takes nothing away: the session goes on to the end of the token it has.
      if (definition.retryable) this.#deps.telemetry.log.warn('token_refresh_failed', { code }, error);
      else {
        this.endSession(session, code);
        this.#socket.noteFailedLogin();
      }
    }
  }

  #slotOf(session: Session): { readonly address: string; readonly slot: Open } | null {
    for (const [address, slot] of this.#slots) {
      if (slot.kind === 'open' && slot.session === session) return { address, slot };
    }
    return null;
  }

  /** Takes a session off the socket for good, in words that a stock client understands. */
  endSession(session: Session, code: ErrorCode): void {
    session.sendFrame(permissionDeniedFrame(session.address, code));
    this.#close(session, { code: CLOSE_CODES.forbidden, reason: code });
  }

  #close(session: Session, event: { readonly code: number; readonly reason: string }): void {
    const found = this.#slotOf(session);
    if (found === null) return;
    found.slot.connection.close(event);
    this.#slots.delete(found.address);
    this.#release(found.slot);
  }

  #release(slot: Entering | Open): void {
    if (slot.session === null) return;
    try {
      if (slot.kind === 'open') slot.standing.stop();
      if (slot.kind === 'open') this.#deps.visits?.noteLeft(slot.session);
      slot.session.end();
    } catch (error) {
      // The room is let go of all the same, and so are the socket's other sessions.
      this.#deps.telemetry.log.error('session_end_failed', {}, error);
    }
    this.#deps.rooms.release(slot.session.room);
  }

  /** Something that nobody foresaw: the client is to come back and find it gone. */
  fail(): void {
    this.#socket.end('internal');
  }

  /** The socket is gone. */
  closeAll(): void {
    for (const slot of this.#slots.values()) this.#release(slot);
    this.#slots.clear();
    this.#hocuspocus?.handleClose({ code: 1000, reason: 'socket closed' });
  }
}
