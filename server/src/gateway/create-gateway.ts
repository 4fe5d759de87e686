import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import { Hocuspocus } from '@hocuspocus/server';
import { WebSocketServer, type WebSocket } from 'ws';
import { plainAddress } from '../core/address.ts';
import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import type { Service } from '../service.ts';
import type { AdmissionDeps } from './admission.ts';
import { ClientSocket, type Dialect } from './client-socket.ts';
import { createConnectionLimit } from './connection-limit.ts';
import { createSessionExtension } from './extensions/session-extension.ts';
import { frameAddress, frameMessage, readAddressedFrame, readdress } from './frames.ts';
import { createOutputFlusher } from './output.ts';
import { startHousekeeping } from './housekeeping.ts';
import type { SyncDeps } from './session-sync.ts';
import { SessionTable, type HocuspocusContext } from './session-table.ts';
import { readUpgradeRequest } from './upgrade-request.ts';

export interface GatewayConfig {
  readonly allowedOrigins: readonly string[];
  readonly limits: {
    readonly messageBytes: number;
    readonly updatesPerSecond: number;
    readonly updatesBurst: number;
    readonly connectionsPerAddress: number;
    readonly documentsPerConnection: number;
  };
}

export type GatewayDeps = AdmissionDeps &
  SyncDeps & { readonly config: GatewayConfig; readonly warnings: RateLimitedLog };

/** All WebSockets of the node. */
export interface Gateway extends Service {
  /** Takes the upgrade requests of an HTTP server. */
  attach(server: Server): void;
}

/** Hocuspocus's idle timer does not see frames that we handle; a finite time-out, since Infinity becomes 1 ms. */
const HOCUSPOCUS_TIMEOUT = 2 ** 31 - 1;
/** Frames that Hocuspocus may send by itself; synchronisation and presence are ours. */
const FORWARDED = new Set<number>([FRAME_TYPE.auth, FRAME_TYPE.stateless, FRAME_TYPE.close]);
const MAX_FRAGMENTS = 64;

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
  readonly #housekeeping;
  readonly #flusher = createOutputFlusher();
  #draining = false;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    const { limits } = deps.config;
    this.#limit = createConnectionLimit(limits.connectionsPerAddress);
    this.#hocuspocus = new Hocuspocus<HocuspocusContext>({
      quiet: true,
      timeout: HOCUSPOCUS_TIMEOUT,
      extensions: [createSessionExtension(deps)],
    });
    const options = {
      noServer: true,
      perMessageDeflate: false,
      maxPayload: limits.messageBytes,
      maxFragments: MAX_FRAGMENTS,
    };
    this.#server = new WebSocketServer(options);
    this.#housekeeping = startHousekeeping({ ...deps, tables: this.#tables });
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
    const remote = request.socket.remoteAddress ?? '';
    if (!this.#limit.take(remote)) return refuse(socket, 429);
    socket.once('close', () => {
      this.#limit.give(remote);
    });
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      if (socket instanceof Socket) this.#accept(webSocket, socket, asked);
    });
  }

  #accept(
    webSocket: WebSocket,
    raw: Socket,
    asked: { readonly dialect: Dialect; readonly token: string | null },
  ): void {
    const { clock, telemetry, config, warnings } = this.#deps;
    raw.setNoDelay(true);
    const client = new ClientSocket({
      webSocket,
      raw,
      dialect: asked.dialect,
      clock,
      telemetry,
      warnings,
      flusher: this.#flusher,
      remote: raw.remoteAddress ?? '',
      updateRate: { perSecond: config.limits.updatesPerSecond, burst: config.limits.updatesBurst },
      onFrame: (_socket, frame) => table.receive(frame),
      onSessionEnd: (session, code) => {
        table.endSession(session, code);
      },
      onHocuspocusFrame: forwardHocuspocusFrame,
      onClose: (socket) => {
        table.closeAll();
        this.#tables.delete(socket);
        telemetry.metrics.gauge('connections', this.#tables.size);
      },
    });
    const table = new SessionTable({ ...this.#deps, maxDocuments: config.limits.documentsPerConnection }, client);
    table.connect(this.#hocuspocus.handleConnection(client.forHocuspocus, new Request('http://localhost/'), { table }));
    this.#tables.set(client, table);
    telemetry.metrics.count('connections_total');
    telemetry.metrics.gauge('connections', this.#tables.size);
    if (asked.dialect.kind === 'y-websocket') table.enter(asked.dialect.document, asked.token ?? '');
  }

  async drain(milliseconds: number): Promise<void> {
    this.#draining = true;
    this.#housekeeping.stop();
    for (const client of this.#tables.keys()) client.end('shutting-down');
    const patience = Math.min(milliseconds, 1_000);
    await new Promise<void>((resolve) => {
      this.#deps.clock.after(patience, resolve);
      if (this.#tables.size === 0) resolve();
    });
    for (const socket of this.#server.clients) socket.terminate();
  }
}

/** Sends what Hocuspocus has to say under the address that the client knows; y-websocket has no words for any of it. */
function forwardHocuspocusFrame(socket: ClientSocket, bytes: Uint8Array): void {
  const frame = readAddressedFrame(bytes);
  if (frame === null || !FORWARDED.has(frame.type) || socket.dialect === 'y-websocket') return;
  socket.send(frameMessage(readdress(bytes, frameAddress(plainAddress(frame.address)))));
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
