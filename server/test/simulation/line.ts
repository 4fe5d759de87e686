import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Random } from '../support/random.ts';
import { between, fraction } from './random-streams.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';

/** What the client's end of a connection tells its owner. */
export interface LineEvents {
  onOpen(): void;
  onMessage(message: Uint8Array): void;
  /** `code` is the close code, or `null` where the connection just broke. */
  onClose(code: number | null): void;
}

/** One connection between a client and a run of a node, in order and without loss until it ends. */
export interface Line {
  send(message: Uint8Array): void;
  /** Says goodbye. */
  close(): void;
  /** Breaks it off; both sides learn of it at a time of their own, and what was on its way is lost. */
  cut(): void;
}

/** The node's end, in the shapes that the gateway expects of `ws` and of the socket beneath. */
export interface ServerEnd {
  readonly webSocket: WebSocket;
  readonly raw: Socket;
}

export interface LineDeps {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly client: Life;
  readonly server: Life;
  /** Takes the node's end; false when the node takes no connections. */
  readonly accept: (end: ServerEnd) => boolean;
  readonly events: LineEvents;
}

const STATE = { open: 1, closing: 2, closed: 3 } as const;
const BINARY = 0x82;

export function openLine(deps: LineDeps): Line {
  return new SimulatedLine(deps);
}

class SimulatedLine implements Line {
  readonly #deps: LineDeps;
  readonly #latency: number;
  readonly #socket: ServerSocket;
  #arrivals = { client: 0, server: 0 };
  /** Nothing passes any more. */
  #broken = false;
  #clientClosed = false;

  constructor(deps: LineDeps) {
    this.#deps = deps;
    this.#latency = between(deps.random, 1, 25);
    this.#socket = new ServerSocket({
      send: (message) => this.#toClient(() => deps.events.onMessage(message)),
      close: (code) => {
        this.#toClient(() => {
          this.#tellClient(code);
          this.#toServer(() => this.#socket.end());
        });
      },
      terminate: () => {
        this.#broken = true;
        deps.server.after(0, () => this.#socket.end());
        deps.client.after(this.#latency, () => this.#tellClient(null));
      },
      later: (run) => void deps.server.after(0, run),
    });
    this.#toServer(() => {
      if (deps.accept(this.#socket.ends())) this.#toClient(() => deps.events.onOpen());
      else this.#toClient(() => this.#tellClient(null));
    });
  }

  send(message: Uint8Array): void {
    this.#toServer(() => this.#socket.receive(message));
  }

  close(): void {
    this.#toServer(() => this.#socket.end());
    this.#clientClosed = true;
  }

  cut(): void {
    const { random, client, server } = this.#deps;
    if (this.#broken) return;
    this.#broken = true;
    // Often half open for a while: one side goes on as if nothing had happened.
    server.after(random.chance(0.3) ? between(random, 200, 3_000) : random.below(20), () => this.#socket.end());
    client.after(random.chance(0.3) ? between(random, 100, 1_500) : random.below(20), () => this.#tellClient(null));
  }

  #tellClient(code: number | null): void {
    if (this.#clientClosed) return;
    this.#clientClosed = true;
    this.#deps.events.onClose(code);
  }

  #toClient(arrive: () => void): void {
    const { client } = this.#deps;
    client.after(this.#delay('client'), () => {
      if (!this.#broken && !this.#clientClosed) arrive();
    });
  }

  #toServer(arrive: () => void): void {
    if (this.#clientClosed && this.#broken) return;
    const { server } = this.#deps;
    server.after(this.#delay('server'), () => {
      if (!this.#broken) arrive();
    });
  }

  #delay(to: 'client' | 'server'): number {
    const { scheduler, random } = this.#deps;
    const arrival = Math.max(this.#arrivals[to], scheduler.now + this.#latency + 2 * fraction(random));
    this.#arrivals[to] = arrival;
    return arrival - scheduler.now;
  }
}

interface ServerSocketPeer {
  send(message: Uint8Array): void;
  close(code: number): void;
  terminate(): void;
  /** Calls back in a later turn of the node. */
  later(run: () => void): void;
}

/** What the gateway uses of a WebSocket and of its socket. */
class ServerSocket extends EventEmitter {
  readyState: number = STATE.open;
  /** Where `ws` keeps the size of the largest message; nothing here sends larger ones. */
  readonly _receiver = { _maxPayload: 0 };
  readonly bufferedAmount = 0;
  readonly writableLength = 0;
  readonly writableNeedDrain = false;
  bytesRead = 0;
  writable = true;
  readonly #peer: ServerSocketPeer;
  #paused = false;
  #waiting: Uint8Array[] = [];

  constructor(peer: ServerSocketPeer) {
    super();
    this.#peer = peer;
  }

  /** Both ends of one object: the two parts that the gateway uses never overlap. */
  ends(): ServerEnd {
    return { webSocket: this as unknown as WebSocket, raw: this as unknown as Socket };
  }

  receive(message: Uint8Array): void {
    if (this.readyState === STATE.closed) return;
    if (this.#paused || this.#waiting.length > 0) {
      this.#waiting.push(message);
      return;
    }
    this.bytesRead += message.byteLength;
    // ws hands over buffers that share memory with what was read before and after.
    this.emit('message', Buffer.from(message), true);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#peer.later(() => this.#receiveWaiting());
  }

  #receiveWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.receive(message);
  }

  cork(): void {}
  uncork(): void {}

  /** The network takes everything, a turn later. */
  write(frame: Uint8Array, taken?: () => void): void {
    this.#peer.send(readMessage(frame));
    if (taken !== undefined) this.#peer.later(() => this.readyState === STATE.closed || taken());
  }

  close(code: number): void {
    if (this.readyState !== STATE.open) return;
    this.readyState = STATE.closing;
    this.#peer.close(code);
  }

  terminate(): void {
    if (this.readyState !== STATE.closed) this.#peer.terminate();
  }

  /** The connection is over. */
  end(): void {
    if (this.readyState === STATE.closed) return;
    this.readyState = STATE.closed;
    this.writable = false;
    this.emit('close');
  }
}

/** The payload of one unmasked, unfragmented binary WebSocket message. */
function readMessage(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const short = frame[1] ?? 0;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
  if (frame[0] !== BINARY || frame.byteLength !== header + length) throw new Error('not one whole WebSocket message');
  return frame.slice(header);
}
