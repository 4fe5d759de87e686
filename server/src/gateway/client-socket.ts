import { CLOSE_CODES, type CloseReason } from '@scriptorium/shared/close-codes';
import { ERRORS, type ErrorCode } from '@scriptorium/shared/error-codes';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import type { WebSocketLike } from '@hocuspocus/server';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { AckEntry } from '../core/ack-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import type { Telemetry, TenantMetrics } from '../ports/telemetry.ts';
import type { Identity } from '../ports/token-verifier.ts';
import { closeSocket } from './close-socket.ts';
import { createFrameReader, type FrameReader } from './frame-reader.ts';
import { toBytes, type Dialect, type InboundFrame } from './frames.ts';
import { largestMessage, limitMessages, type MessageLimits, type SocketStage } from './message-limit.ts';
import type { OwnerBudgets } from './owner-budgets.ts';
import { createOutput, type Output, type OutputFlusher } from './output.ts';
import type { OutputPool } from './output-pool.ts';
import { ReadBudgets, type Charge, type ReadRates } from './read-budgets.ts';
import { createReplyTurns, type ReplyTurns } from './reply-turns.ts';
import type { Session, SessionSocket } from './session.ts';

export interface ClientSocketDeps {
  readonly webSocket: WebSocket;
  readonly raw: Socket;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** For what a client can cause as often as it likes. */
  readonly warnings: RateLimitedLog;
  /** Network address of the peer. */
  readonly remote: string;
  readonly rates: ReadRates;
  readonly owners: OwnerBudgets;
  readonly messages: MessageLimits;
  /** Bytes that may wait for the peer, besides what it asked for, before it is cut in the middle of whatever it does. */
  readonly outputBytes: number;
  readonly flusher: OutputFlusher;
  /** What waits for all sockets of the node. */
  readonly pool: OutputPool;
  /** Handles one frame; false when it breaks the protocol. */
  readonly onFrame: (socket: ClientSocket, frame: InboundFrame) => boolean;
  /** Bytes that Hocuspocus wants to send, addressed as inside the node. */
  readonly onHocuspocusFrame: (socket: ClientSocket, frame: Uint8Array) => void;
  /** Called before the server ends the socket by a code, while something can still be said on it. */
  readonly onEnding: (code: ErrorCode) => void;
  readonly onClose: (socket: ClientSocket) => void;
  /** Called when the client broke the protocol or showed what opens nothing. */
  readonly onFault: () => void;
  /** Takes one session off the socket, which stays. */
  readonly onSessionEnd: (session: Session, code: ErrorCode) => void;
}

const READY_STATE = { open: 1, closing: 2 } as const;
/** Bytes behind which no ping is answered: a peer that pings and does not read is told nothing. */
const PONG_BACKLOG = 16 * 1024;
/** Bad tokens after which a socket is closed. */
const MAX_FAILED_LOGINS = 5;

/** One WebSocket: reading with limits, writing with bounds, and the one place that ends it. */
export class ClientSocket implements SessionSocket {
  readonly dialect: 'hocuspocus' | 'y-websocket';
  /** The socket as Hocuspocus sees it. */
  readonly forHocuspocus: WebSocketLike;
  #identity: Identity | null = null;
  #counts: TenantMetrics | null = null;
  readonly output: Output;
  readonly replies: ReplyTurns;
  readonly #deps: ClientSocketDeps;
  readonly #budgets: ReadBudgets;
  readonly #pauses = new Set<string>();
  readonly #read: FrameReader;
  #failedLogins = 0;
  #ending = false;

  constructor(deps: ClientSocketDeps) {
    this.#deps = deps;
    this.dialect = deps.dialect.kind;
    this.#read = createFrameReader(deps.dialect);
    this.replies = createReplyTurns(deps.clock);
    this.output = createOutput({
      ...deps,
      onBacklog: (buffered) => {
        if (buffered - this.replies.inFlight > deps.outputBytes) this.endSlowReader();
      },
      onShed: () => {
        this.#shed();
      },
    });
    this.#budgets = new ReadBudgets(deps.clock, deps.rates);
    this.enterStage('outside');
    this.forHocuspocus = this.#createWebSocketLike();
    this.#listen();
  }

  /** Fixed by the first valid token; a later one may not change tenant or user. */
  get identity(): Identity | null {
    return this.#identity;
  }

  /** Says whose the socket is, for good. */
  signIn(identity: Identity): void {
    this.#identity = identity;
    this.#counts = this.#deps.telemetry.metrics.tenant(identity.tenant);
    this.#counts.add('tenant_connections');
  }

  get open(): boolean {
    return !this.#ending && this.#deps.webSocket.readyState === READY_STATE.open;
  }

  get reading(): boolean {
    return this.#pauses.size === 0;
  }

  get bytesRead(): number {
    return this.#deps.raw.bytesRead;
  }

  #createWebSocketLike(): WebSocketLike {
    const readyState = (): number => (this.#ending ? READY_STATE.closing : this.#deps.webSocket.readyState);
    return {
      send: (bytes) => {
        if (this.open && bytes instanceof Uint8Array) this.#deps.onHocuspocusFrame(this, bytes);
      },
      close: (code) => {
        this.#close(code ?? CLOSE_CODES.internal, 'closed by the session layer');
      },
      get readyState() {
        return readyState();
      },
    };
  }

  #listen(): void {
    const { webSocket } = this.#deps;
    webSocket.on('message', (message, isBinary) => {
      if (this.#ending) return;
      if (isBinary) this.#receive(toBytes(message));
      else this.violate('a text frame');
    });
    webSocket.on('ping', (payload) => {
      this.#receivePing(payload);
    });
    webSocket.on('pong', () => {
      this.charge('signals');
    });
    webSocket.on('close', () => {
      this.#ending = true;
      this.output.drop();
      this.#counts?.add('tenant_connections', -1);
      try {
        this.#deps.onClose(this);
      } catch (error) {
        this.#deps.telemetry.log.error('socket_close_failed', {}, error);
      }
    });
    webSocket.on('error', (error) => {
      // ws has closed the connection with the right code by now: too large a frame, bad framing, a lost peer.
      this.#deps.telemetry.log.debug('socket_failed', { reason: error.message });
    });
  }

  /** Pings count like signals, and are answered while the peer reads: what piles up is no life sign. */
  #receivePing(payload: Buffer): void {
    this.charge('signals');
    if (this.open && this.output.buffered < PONG_BACKLOG) this.#deps.webSocket.pong(payload);
    else this.#deps.telemetry.metrics.count('pings_dropped_total');
  }

  #receive(bytes: Uint8Array): void {
    this.handle(() => {
      this.charge('bytes', bytes.byteLength);
      const isPong = bytes.byteLength === 1 && bytes[0] === FRAME_TYPE.pong;
      if (isPong) this.charge('signals');
      const frame = isPong ? null : this.#read(bytes);
      return isPong || (frame !== null && this.#deps.onFrame(this, frame));
    });
  }

  /** Handles something that the client sent; where it breaks the protocol, or cannot be read, the socket ends. */
  handle(receive: () => boolean): void {
    try {
      if (!receive()) this.violate('a malformed message');
    } catch (error) {
      this.#deps.telemetry.log.debug('frame_failed', { reason: error instanceof Error ? error.message : 'unknown' });
      this.violate('a message that cannot be handled');
    }
  }

  now(): number {
    return this.#deps.clock.monotonic();
  }

  send(frame: Uint8Array, taken?: () => void): void {
    if (this.open) this.output.send(frame, taken, this.replies.answering);
  }

  sendInParts(head: Uint8Array, body: Uint8Array): void {
    if (this.open) this.output.sendInParts(head, body);
  }

  /** Charges what the client sent; over a budget, the socket is not read for a while. It is never closed for it. */
  charge(charge: Charge, amount = 1): void {
    if (charge !== 'signals') this.#deps.owners.spend(this, charge, amount);
    if (charge === 'bytes') this.#counts?.add('tenant_received_bytes_total', amount);
    const pause = this.#budgets.spend(charge, amount);
    if (pause === 0) return;
    const reason = `${charge} budget`;
    if (this.#pauses.has(reason)) return;
    const { clock, telemetry } = this.#deps;
    telemetry.metrics.count('reading_paused_total');
    this.pauseReading(reason);
    clock.after(pause, () => {
      this.resumeReading(reason);
    });
  }

  /** Sets how large a message may be from now on. */
  enterStage(stage: SocketStage): void {
    if (this.open) limitMessages(this.#deps.webSocket, largestMessage(stage, this.#deps.messages));
  }

  /** Counts a token that opened nothing; ends the socket of whoever goes on trying. */
  noteFailedLogin(): void {
    this.#failedLogins += 1;
    this.#deps.telemetry.metrics.count('logins_failed_total');
    this.#deps.onFault();
    if (this.#failedLogins >= MAX_FAILED_LOGINS) this.end('unauthenticated');
  }

  pauseReading(reason: string): void {
    this.#pauses.add(reason);
    this.#deps.webSocket.pause();
  }

  resumeReading(reason: string): void {
    this.#pauses.delete(reason);
    if (this.#pauses.size === 0 && this.open) this.#deps.webSocket.resume();
  }

  noteAcknowledged(entry: AckEntry): void {
    const { clock, telemetry } = this.#deps;
    telemetry.metrics.count('acknowledgements_total');
    telemetry.metrics.observe('acknowledgement_seconds', (clock.monotonic() - entry.arrivedAt) / 1_000);
  }

  end(code: ErrorCode, reason: CloseReason = ERRORS[code].close ?? 'internal'): void {
    if (this.open) this.#deps.onEnding(code);
    this.#close(CLOSE_CODES[reason], ERRORS[code].title);
  }

  endSession(session: Session, code: ErrorCode): void {
    // A stock client returns to a document only with a new socket; where it should not return, the others stay.
    if (ERRORS[code].retryable || this.dialect === 'y-websocket') this.end(code);
    else this.#deps.onSessionEnd(session, code);
  }

  /** Ends a socket whose peer does not take what it is sent. What waits is let go: it is what the node is short of. */
  endSlowReader(): void {
    if (this.#ending) return;
    this.output.drop();
    this.#deps.telemetry.metrics.count('slow_readers_total');
    this.end('slow-reader');
  }

  /** Frees what waits here. Where a close is under way already, its peer has had its time. */
  #shed(): void {
    if (this.#ending) {
      this.output.drop();
      this.cut();
    } else this.endSlowReader();
  }

  /** Cuts the connection, without another word. */
  cut(): void {
    this.#ending = true;
    this.#deps.webSocket.terminate();
  }

  /** Ends a socket whose client does not follow the protocol. */
  violate(detail: string): void {
    if (this.#ending) return;
    this.#deps.telemetry.metrics.count('frames_malformed_total');
    this.#deps.onFault();
    const { warnings, remote } = this.#deps;
    warnings.warn(`violation ${remote}`, 'protocol_violation', { detail, remote, user: this.identity?.user ?? null });
    this.end('malformed-message');
  }

  #close(code: number, reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    // A paused socket would never read the peer's answer to our close.
    this.#deps.webSocket.resume();
    this.output.finish();
    closeSocket(this.#deps, { code, reason, isStranger: this.identity === null });
  }
}
