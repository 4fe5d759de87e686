import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import type { Connection, Hocuspocus } from '@hocuspocus/server';
import { parseAddress, plainAddress, qualifyAddress } from '../core/address.ts';
import { ScriptoriumError, toScriptoriumError } from '../core/errors.ts';
import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import { admit, identify, isSamePerson, type AdmissionDeps } from './admission.ts';
import type { ClientSocket } from './client-socket.ts';
import {
  authMessage,
  awarenessFrame,
  frameAddress,
  NO_ADDRESS,
  permissionDeniedFrame,
  readdress,
  type InboundFrame,
} from './frames.ts';
import { mayComeOutside, readToken } from './login-frames.ts';
import { receiveAwareness } from './session-awareness.ts';
import { receiveSync, type SyncDeps } from './session-sync.ts';
import { Session } from './session.ts';
import { keepStanding, type SessionStanding } from './session-standing.ts';
import { inBackground } from '../service.ts';

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
}

interface Open {
  readonly kind: 'open';
  readonly session: Session;
  readonly connection: Connection;
  readonly standing: SessionStanding;
}

/** Bytes of frames that may wait behind one login before the socket is not read any further. */
const QUEUE_BYTES = 1024 * 1024;
const MAX_FAILED_LOGINS = 5;

export type SessionTableDeps = AdmissionDeps &
  SyncDeps & {
    readonly warnings: RateLimitedLog;
    /** Documents that one socket may have open. */
    readonly maxDocuments: number;
  };

/** The sessions of one socket, by the address that the client uses, and the way of each frame to its handler. */
export class SessionTable {
  readonly #deps: SessionTableDeps;
  readonly #socket: ClientSocket;
  readonly #slots = new Map<string, Entering | Open>();
  #outsideBytes = 0;
  #hocuspocus: ClientConnection | null = null;

  constructor(deps: SessionTableDeps, socket: ClientSocket) {
    this.#deps = deps;
    this.#socket = socket;
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

  /** Handles one frame of the client; false when it breaks the protocol. */
  receive(frame: InboundFrame): boolean {
    const slot = this.#slots.get(frame.address);
    if (slot === undefined) {
      if (frame.type !== FRAME_TYPE.auth) return this.#dropOutside(frame);
      const token = readToken(frame);
      if (token === null) return false;
      this.enter(frame.address, token);
      return true;
    }
    if (slot.kind === 'entering') return this.#enqueue(slot, frame);
    return this.#handle(slot, frame);
  }

  /** Drops a frame outside any session, within bounds; false when it breaks them. */
  #dropOutside(frame: InboundFrame): boolean {
    if (this.entered) this.#socket.countUpdate();
    else this.#outsideBytes += frame.bytes.byteLength;
    return mayComeOutside(frame.type, this.#outsideBytes);
  }

  #enqueue(slot: Entering, frame: InboundFrame): boolean {
    slot.queue.push(frame);
    slot.queuedBytes += frame.bytes.byteLength;
    if (slot.queuedBytes > QUEUE_BYTES) this.#socket.pauseReading(`entering ${frame.address}`);
    return true;
  }

  #handle(slot: Open, frame: InboundFrame): boolean {
    const { session, connection } = slot;
    switch (frame.type) {
      case FRAME_TYPE.sync:
      case FRAME_TYPE.syncReply:
        this.#socket.countUpdate();
        return receiveSync(this.#deps, session, frame.body);
      case FRAME_TYPE.awareness:
        return receiveAwareness(session, frame.body);
      case FRAME_TYPE.queryAwareness: {
        const present = session.room.awareness.encodeAll();
        if (present !== null) session.sendFrame(awarenessFrame(session.address, present));
        return true;
      }
      case FRAME_TYPE.stateless:
        if (this.#socket.dialect === 'y-websocket') return false;
        this.#forward(session, frame.bytes);
        return true;
      case FRAME_TYPE.close:
        connection.close({ code: 1000, reason: 'provider_initiated' });
        this.#leave(frame.address);
        return true;
      case FRAME_TYPE.auth: {
        const token = readToken(frame);
        if (token === null) return false;
        inBackground(this.#deps.telemetry.log, 'token_refresh_failed', this.#refresh(slot, token));
        return true;
      }
      default:
        return false;
    }
  }

  #forward(session: Session, bytes: Uint8Array): void {
    this.#hocuspocus?.handleMessage(
      readdress(bytes, frameAddress(qualifyAddress(session.identity.tenant, session.address.key))),
    );
  }

  /** Lets the client into a document; what it sends meanwhile waits. */
  enter(address: string, token: string): void {
    if (this.#slots.size >= this.#deps.maxDocuments) {
      this.#turnAway(address, new ScriptoriumError('limit-exceeded', 'too many documents on one connection'));
      return;
    }
    const slot: Entering = { kind: 'entering', queue: [], queuedBytes: 0, session: null };
    this.#slots.set(address, slot);
    inBackground(this.#deps.telemetry.log, 'admission_failed', this.#admit(address, token, slot));
  }

  async #admit(address: string, token: string, slot: Entering): Promise<void> {
    try {
      const admission = await admit(this.#deps, { address, token, owner: this.#socket.identity });
      if (!this.#socket.open) {
        this.#deps.rooms.release(admission.room);
        return;
      }
      // Another login may have fixed the socket's owner while this one waited.
      if (!isSamePerson(this.#socket.identity ?? admission.identity, admission.identity)) {
        this.#deps.rooms.release(admission.room);
        throw new ScriptoriumError('forbidden', 'a socket belongs to one user of one tenant');
      }
      this.#socket.identity ??= admission.identity;
      const own = this.#socket.dialect === 'hocuspocus' ? frameAddress(address) : NO_ADDRESS;
      slot.session = new Session({ ...admission, socket: this.#socket, address: own });
      const qualified = frameAddress(qualifyAddress(admission.identity.tenant, address));
      this.#hocuspocus?.handleMessage(authMessage(qualified));
    } catch (error) {
      this.#turnAway(address, toScriptoriumError(error));
    }
  }

  #turnAway(address: string, error: ScriptoriumError): void {
    const socket = this.#socket;
    const { retryable, close } = error.definition;
    this.#deps.warnings.warn(`login ${error.code}`, 'login_refused', {
      code: error.code,
      detail: error.detail ?? null,
    });
    this.#slots.delete(address);
    if (error.code === 'internal') this.#deps.telemetry.log.error('login_failed', {}, error.cause);
    // A stock client takes a refusal for final, so what may work in a moment ends the socket instead.
    if (retryable || socket.dialect === 'y-websocket') {
      socket.end(error.code, close ?? 'forbidden');
      return;
    }
    socket.send(permissionDeniedFrame(frameAddress(address), error.code));
    socket.resumeReading(`entering ${address}`);
    socket.failedLogins += 1;
    if (socket.failedLogins >= MAX_FAILED_LOGINS) socket.end('unauthenticated');
  }

  /** Whether Hocuspocus may let in a session of this document, and whether it only reads; `null` when nobody waits. */
  awaitedReadOnly(qualifiedName: string): boolean | null {
    const name = plainAddress(qualifiedName);
    for (const [address, slot] of this.#slots) {
      if (slot.kind === 'entering' && slot.session !== null && parseAddress(address)?.name === name)
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
    if (session.room.quarantine !== null) {
      session.bar('for-good');
      session.tellRefused('document-quarantined');
    }
    this.#deps.telemetry.metrics.count('sessions_total');
    for (const frame of slot.queue) {
      if (!this.#socket.open) return;
      if (!this.receive(frame)) this.#socket.violate('a malformed message behind the login');
    }
    this.#socket.resumeReading(`entering ${address}`);
  }

  /** Delivers a stateless message that came by way of Hocuspocus. */
  sessionOf(connection: Connection): Session | null {
    const slot = this.#slots.get(plainAddress(connection.messageAddress));
    return slot?.kind === 'open' ? slot.session : null;
  }

  /** A new token within a session: same tenant, same user; what it grants holds from now on. */
  async #refresh({ session, standing }: Open, token: string): Promise<void> {
    try {
      standing.renew(await identify(this.#deps.verifier, { token, owner: session.identity }));
    } catch (error) {
      const { code, definition } = toScriptoriumError(error);
      // What cannot be told at present takes nothing away: the session goes on to the end of the token it has.
      if (definition.retryable) this.#deps.telemetry.log.warn('token_refresh_failed', { code }, error);
      else this.endSession(session, code);
    }
  }

  /** Takes a session off the socket for good, in words that a stock client understands. */
  endSession(session: Session, code: ErrorCode): void {
    for (const [address, slot] of this.#slots) {
      if (slot.kind !== 'open' || slot.session !== session) continue;
      session.sendFrame(permissionDeniedFrame(session.address, code));
      slot.connection.close({ code: CLOSE_CODES.forbidden, reason: code });
      this.#leave(address);
      return;
    }
  }

  #leave(address: string): void {
    const slot = this.#slots.get(address);
    this.#slots.delete(address);
    if (slot !== undefined) this.#release(slot);
  }

  #release(slot: Entering | Open): void {
    if (slot.session === null) return;
    if (slot.kind === 'open') slot.standing.stop();
    slot.session.end();
    this.#deps.rooms.release(slot.session.room);
  }

  /** The socket is gone. */
  closeAll(): void {
    for (const slot of this.#slots.values()) this.#release(slot);
    this.#slots.clear();
    this.#hocuspocus?.handleClose({ code: 1000, reason: 'socket closed' });
  }
}
