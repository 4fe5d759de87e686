import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import { Hocuspocus } from '@hocuspocus/server';
import { WebSocketServer, type WebSocket } from 'ws';
import { plainAddress } from '../core/address.ts';
import { networkOf, readClientAddress, type ProxyTrust } from '../access/client-address.ts';
import type { TenantQuotas } from '../access/tenant-quotas.ts';
import { guardClock } from '../observability/guard-clock.ts';
import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import { planDepartureSpread } from '../core/departure-plan.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline, type Service } from '../service.ts';
import type { AdmissionDeps } from './admission.ts';
import { createAdmissionQueue, type AdmissionQueue } from './admission-queue.ts';
import { ClientSocket } from './client-socket.ts';
import { createAddressFailures } from './address-failures.ts';
import { createConnectionLimit, isLoopback } from '../core/connection-limit.ts';
import { createSessionExtension } from './extensions/session-extension.ts';
import { frameAddress, frameMessage, readAddressedFrame, readdress, type Dialect } from './frames.ts';
import { watchLogin } from './login-deadline.ts';
import { createOutputFlusher } from './output.ts';
import { createOutputPool } from './output-pool.ts';
import type { OwnerBudgets } from './owner-budgets.ts';
import { startHousekeeping } from './housekeeping.ts';
import type { SyncDeps } from './session-sync.ts';
import { SessionTable, type HocuspocusContext } from './session-table.ts';
import type { Visits } from './visits.ts';
import { readUpgradeRequest } from './upgrade-request.ts';

export interface GatewayConfig {
  readonly allowedOrigins: readonly string[];
  readonly limits: {
    readonly messageBytes: number;
    readonly updatesPerSecond: number;
    readonly updatesBurst: number;
    readonly bytesPerSecond: number;
    readonly bytesBurst: number;
    readonly loginBytes: number;
    /** Milliseconds. */
    readonly loginTime: number;
    readonly outputBytes: number;
    readonly nodeOutputBytes: number;
    readonly fragments: number;
    readonly failuresPerAddress: number;
    readonly sessionsPerDocument: number;
    /** Infinite where there is no limit. */
    readonly connectionsPerTenant: number;
    readonly connectionsPerAddress: number;
    readonly documentsPerConnection: number;
  };
}

export type GatewayDeps = Omit<AdmissionDeps, 'admissions'> &
  SyncDeps & {
    readonly config: GatewayConfig;
    readonly warnings: RateLimitedLog;
    readonly quotas: Pick<TenantQuotas, 'isFull'>;
    readonly owners: OwnerBudgets;
    /** Which hops are believed about the address of a client. */
    readonly proxies: ProxyTrust;
    readonly visits?: Visits;
  };

/** All WebSockets of the node. */
export interface Gateway extends Service {
  /** Takes the upgrade requests of an HTTP server. */
  attach(server: Server): void;
}

/** Hocuspocus's idle timer does not see frames that we handle; a finite time-out, since Infinity becomes 1 ms. */
const HOCUSPOCUS_TIMEOUT = 2 ** 31 - 1;
/** Frames that Hocuspocus may send by itself; synchronisation and presence are ours. */
const FORWARDED = new Set<number>([FRAME_TYPE.auth, FRAME_TYPE.stateless, FRAME_TYPE.close]);
/**
 * Hocuspocus hands the request on to hooks, none of which asks for it. A real one would load the HTTP client of Node,
 * 16 MB of it, at the first connection.
 */
const NO_REQUEST = { url: '' } as Request;
/** Milliseconds that peers have to answer when the node goes away, and those that a cut connection takes to be gone. */
const FAREWELL_PATIENCE = 1_000;
const CUT_PATIENCE = 500;

export function createGateway(deps: GatewayDeps): Gateway {
  return new WebSocketGateway(deps);
}

class WebSocketGateway implements Gateway {
  readonly name = 'gateway';
  readonly #deps: GatewayDeps;
  readonly #tables = new Map<ClientSocket, SessionTable>();
  readonly #hocuspocus: Hocuspocus<HocuspocusContext>;
  readonly #server: WebSocketServer;
  readonly #limit;
  readonly #tenantSockets;
  readonly #failures;
  readonly #housekeeping;
  readonly #flusher = createOutputFlusher();
  readonly #pool;
  readonly #admissions: AdmissionQueue;
  /** Sockets that were open when the node began to go away. */
  #leaving = 0;
  #draining = false;
  #onEmpty = (): void => undefined;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    const { limits } = deps.config;
    this.#limit = createConnectionLimit(limits.connectionsPerAddress, isLoopback);
    this.#tenantSockets = createConnectionLimit(limits.connectionsPerTenant);
    this.#failures = createAddressFailures(deps.clock, limits.failuresPerAddress);
    this.#admissions = createAdmissionQueue(deps.clock);
    this.#hocuspocus = new Hocuspocus<HocuspocusContext>({
      quiet: true,
      timeout: HOCUSPOCUS_TIMEOUT,
      // The table has its own limit, which is met first.
      maxPendingDocuments: limits.documentsPerConnection + 1,
      extensions: [createSessionExtension(deps)],
    });
    const options = {
      noServer: true,
      perMessageDeflate: false,
      maxPayload: limits.messageBytes,
      maxFragments: limits.fragments,
      // Answered by ourselves: unread answers to pings would be kept without end.
      autoPong: false,
    };
    this.#server = new WebSocketServer(options);
    this.#pool = createOutputPool({ ...deps, nodeOutputBytes: limits.nodeOutputBytes });
    this.#housekeeping = startHousekeeping({ ...deps, tables: this.#tables, pool: this.#pool });
  }

  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      // Before anything else: a reset during the handshake must not end the process.
      socket.on('error', () => socket.destroy());
      try {
        this.#upgrade(request, socket, head);
      } catch (error) {
        this.#deps.telemetry.log.error('upgrade_failed', {}, error);
        refuse(socket, 500);
      }
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const asked = readUpgradeRequest(request, this.#deps.config.allowedOrigins);
    if (asked.kind === 'refused') return refuse(socket, asked.status);
    if (this.#draining) return refuse(socket, 503);
    const peer = request.socket.remoteAddress ?? '';
    const remote = networkOf(readClientAddress(peer, request.headers['x-forwarded-for'], this.#deps.proxies));
    if (this.#failures.blocked(remote) || !this.#limit.take(remote)) {
      this.#deps.telemetry.metrics.count('connections_refused_total');
      return refuse(socket, 429);
    }
    socket.once('close', () => {
      this.#limit.give(remote);
    });
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      try {
        if (socket instanceof Socket) this.#accept(webSocket, socket, { ...asked, remote });
      } catch (error) {
        this.#deps.telemetry.log.error('accept_failed', {}, error);
        webSocket.terminate();
      }
    });
  }

  #accept(
    webSocket: WebSocket,
    raw: Socket,
    asked: { readonly dialect: Dialect; readonly token: string | null; readonly remote: string },
  ): void {
    const { telemetry, warnings } = this.#deps;
    const { limits } = this.#deps.config;
    const clock = guardClock(this.#deps.clock, (error) => {
      telemetry.log.error('socket_timer_failed', {}, error);
      client.end('internal');
    });
    raw.setNoDelay(true);
    const client = new ClientSocket({
      webSocket,
      raw,
      dialect: asked.dialect,
      clock,
      telemetry,
      warnings,
      flusher: this.#flusher,
      pool: this.#pool,
      remote: asked.remote,
      ...socketLimits(limits),
      owners: this.#deps.owners,
      onFrame: (_socket, frame) => table.receive(frame),
      onSessionEnd: (session, code) => {
        table.endSession(session, code);
      },
      onHocuspocusFrame: forwardHocuspocusFrame,
      onEnding: (code) => {
        table.sayFarewell(code);
      },
      onFault: () => {
        this.#failures.note(asked.remote);
      },
      onClose: (socket) => {
        stopWatch();
        this.#forget(socket);
        table.closeAll();
      },
    });
    const table = this.#createTable(client, clock);
    const stopWatch = watchLogin(clock, limits.loginTime, { socket: client, table });
    this.#tables.set(client, table);
    telemetry.metrics.count('connections_total');
    telemetry.metrics.gauge('connections', this.#tables.size);
    if (asked.dialect.kind === 'y-websocket') table.enter(asked.dialect.document, asked.token ?? '');
  }

  #createTable(client: ClientSocket, clock: Clock): SessionTable {
    const { limits } = this.#deps.config;
    const {
      documentsPerConnection: maxDocuments,
      sessionsPerDocument: maxSessions,
      loginBytes: maxOutsideBytes,
    } = limits;
    const shared = { admissions: this.#admissions, tenantSockets: this.#tenantSockets, leaving: () => this.#leaving };
    const deps = { ...this.#deps, ...shared, clock, maxDocuments, maxSessions, maxOutsideBytes };
    const table = new SessionTable(deps, client);
    table.connect(this.#hocuspocus.handleConnection(client.forHocuspocus, NO_REQUEST, { table }));
    return table;
  }

  #forget(client: ClientSocket): void {
    this.#tables.delete(client);
    this.#deps.owners.leave(client);
    if (client.identity !== null) this.#tenantSockets.give(client.identity.tenant);
    this.#deps.telemetry.metrics.gauge('connections', this.#tables.size);
    if (this.#tables.size === 0) this.#onEmpty();
  }

  async drain(milliseconds: number): Promise<void> {
    this.#draining = true;
    this.#housekeeping.stop();
    this.#leaving = this.#tables.size;
    if (this.#leaving === 0) return;
    const { clock } = this.#deps;
    const { promise: empty, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const spread = planDepartureSpread(this.#leaving, milliseconds);
    for (const client of this.#tables.keys()) {
      if (spread === 0) client.end('shutting-down');
      else
        clock.after(spread * clock.random(), () => {
          client.end('shutting-down');
        });
    }
    const patience = Math.min(FAREWELL_PATIENCE, milliseconds / 3);
    if ((await withDeadline(clock, spread + patience, empty)).kind === 'done') return;
    for (const client of this.#tables.keys()) client.cut();
    await withDeadline(clock, CUT_PATIENCE, empty);
  }
}

/** What one socket may send, and leave unread. */
function socketLimits(limits: GatewayConfig['limits']) {
  return {
    rates: {
      updates: { perSecond: limits.updatesPerSecond, burst: limits.updatesBurst },
      bytes: { perSecond: limits.bytesPerSecond, burst: limits.bytesBurst },
    },
    messages: limits,
    outputBytes: limits.outputBytes,
  };
}

/** Sends what Hocuspocus has to say under the address that the client knows; y-websocket has no words for any of it. */
function forwardHocuspocusFrame(socket: ClientSocket, bytes: Uint8Array): void {
  const frame = readAddressedFrame(bytes);
  if (frame === null || !FORWARDED.has(frame.type) || socket.dialect === 'y-websocket') return;
  socket.send(frameMessage(readdress(bytes, frameAddress(plainAddress(frame.address)))));
}

/** Answers an upgrade request that leads nowhere, and is done with the connection whatever its other end does. */
function refuse(socket: Duplex, status: number): void {
  const retry = status === 503 || status === 429 ? 'Retry-After: 1\r\n' : '';
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} \r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}
