import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Which way bytes go: from the client to the server, or back. */
export type Direction = 'to-server' | 'to-client';

/**
 * What becomes of bytes that pass. A mode of one direction leaves the other one alone. Bytes that are held or delayed are
 * delivered later whatever became of their sender, as a network does.
 */
export type FaultMode =
  | { readonly kind: 'pass' }
  /** Each chunk arrives that much later, plus up to `jitter`; the order stays. Both directions, unless one is named. */
  | { readonly kind: 'delay'; readonly milliseconds: number; readonly jitter?: number; readonly direction?: Direction }
  /** Bytes vanish, and nobody is told. */
  | { readonly kind: 'black-hole'; readonly direction: Direction }
  /** Bytes wait for `release`. */
  | { readonly kind: 'hold'; readonly direction: Direction }
  /** After so many further bytes of one connection both sides are cut off; 0: at the next byte, which is lost. */
  | { readonly kind: 'drop-after'; readonly bytes: number; readonly direction: Direction }
  /** A few bytes at a time. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly milliseconds: number; readonly direction?: Direction }
  /** New connections are cut off at once, and those that there are when the mode is set. */
  | { readonly kind: 'reset' };

/** A TCP proxy that does to its connections what networks do. */
export interface FaultProxy {
  readonly port: number;
  /** Applies to everything that passes from now on, on connections that there are and on new ones. */
  setMode(mode: FaultMode): void;
  /** Delivers what was held, in order. */
  release(): void;
  /** Cuts all present connections off, with a reset. */
  cut(): void;
  /** Resets the clients' sides only: they give up, and what is held for the server is still on its way. */
  hangUp(): void;
  /** Connections that were cut off by a mode or by `cut`, so far. */
  readonly cuts: number;
  /** Connections at present. */
  readonly connections: number;
  /** Bytes that wait for `release`. */
  readonly heldBytes: number;
  dispose(): Promise<void>;
}

/** Starts a proxy before a server on 127.0.0.1. `random` is for the jitter, so that a seed can bring it back. */
export async function startFaultProxy(
  targetPort: number,
  { random = Math.random }: { readonly random?: () => number } = {},
): Promise<FaultProxy> {
  const state: ProxyState = { mode: { kind: 'pass' }, links: new Set(), cuts: 0, random };
  const server = createServer({ allowHalfOpen: true }, (client) => openLink(state, client, targetPort));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    setMode(mode) {
      state.mode = mode;
      for (const link of state.links) link.onMode(mode);
    },
    release() {
      for (const link of state.links) link.release();
    },
    cut() {
      for (const link of state.links) link.cut();
    },
    hangUp() {
      for (const link of state.links) link.hangUp();
    },
    get cuts() {
      return state.cuts;
    },
    get connections() {
      return state.links.size;
    },
    get heldBytes() {
      return [...state.links].reduce((sum, link) => sum + link.heldBytes, 0);
    },
    async dispose() {
      for (const link of state.links) link.cut();
      server.close();
      await once(server, 'close');
    },
  };
}

interface ProxyState {
  mode: FaultMode;
  readonly links: Set<Link>;
  cuts: number;
  readonly random: () => number;
}

function openLink(state: ProxyState, client: Socket, targetPort: number): void {
  if (state.mode.kind === 'reset') {
    state.cuts += 1;
    client.resetAndDestroy();
    return;
  }
  state.links.add(new Link(state, client, connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true })));
}

/** One connection through the proxy. */
class Link {
  readonly #state: ProxyState;
  readonly #lanes: Readonly<Record<Direction, Lane>>;
  readonly #client: Socket;
  readonly #sockets: readonly Socket[];

  constructor(state: ProxyState, client: Socket, server: Socket) {
    this.#state = state;
    this.#client = client;
    this.#sockets = [client, server];
    this.#lanes = {
      'to-server': new Lane(state, { from: client, to: server, direction: 'to-server', cut: () => this.cut() }),
      'to-client': new Lane(state, { from: server, to: client, direction: 'to-client', cut: () => this.cut() }),
    };
    let open = this.#sockets.length;
    for (const socket of this.#sockets) {
      socket.setNoDelay(true);
      // A socket that fails closes, and its lane tells the other side in time.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open -= 1;
        if (open === 0) state.links.delete(this);
      });
    }
    this.onMode(state.mode);
  }

  onMode(mode: FaultMode): void {
    if (mode.kind === 'reset') this.cut();
    for (const lane of Object.values(this.#lanes)) lane.onMode(mode);
  }

  get heldBytes(): number {
    return Object.values(this.#lanes).reduce((sum, lane) => sum + lane.heldBytes, 0);
  }

  release(): void {
    for (const lane of Object.values(this.#lanes)) lane.release();
  }

  hangUp(): void {
    this.#client.resetAndDestroy();
  }

  cut(): void {
    if (!this.#state.links.delete(this)) return;
    this.#state.cuts += 1;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

interface LaneDeps {
  readonly from: Socket;
  readonly to: Socket;
  readonly direction: Direction;
  readonly cut: () => void;
}

/** A chunk on its way, or the end of its sender's side. */
type Parcel = Buffer | 'end';

interface Waiting {
  readonly parcel: Parcel;
  /** The mode when it came. */
  readonly mode: FaultMode;
  readonly since: number;
}

/** One direction of a connection. Parcels keep their order, whatever the mode was when each of them came. */
class Lane {
  readonly #state: ProxyState;
  readonly #deps: LaneDeps;
  readonly #queue: Waiting[] = [];
  #working = false;
  #holding = false;
  #wake: (() => void) | null = null;
  #budget = Infinity;

  constructor(state: ProxyState, deps: LaneDeps) {
    this.#state = state;
    this.#deps = deps;
    deps.from.on('data', (chunk: Buffer) => this.#take(chunk));
    // However its sender went, what it had sent arrives before its end.
    deps.from.once('close', () => this.#take('end'));
    deps.from.once('end', () => this.#take('end'));
  }

  onMode(mode: FaultMode): void {
    this.#budget = mode.kind === 'drop-after' && mode.direction === this.#deps.direction ? mode.bytes : Infinity;
  }

  get heldBytes(): number {
    if (!this.#holding) return 0;
    return this.#queue.reduce((sum, { parcel }) => sum + (parcel === 'end' ? 0 : parcel.byteLength), 0);
  }

  release(): void {
    this.#holding = false;
    this.#wake?.();
  }

  #take(parcel: Parcel): void {
    const { mode } = this.#state;
    const mine = !('direction' in mode) || mode.direction === undefined || mode.direction === this.#deps.direction;
    const applied: FaultMode = mine ? mode : { kind: 'pass' };
    if (applied.kind === 'hold') this.#holding = true;
    this.#queue.push({ parcel, mode: applied, since: performance.now() });
    if (!this.#working) void this.#work();
  }

  /** Never throws: what cannot be written any more is lost, as on a network. */
  async #work(): Promise<void> {
    this.#working = true;
    while (this.#queue.length > 0) {
      while (this.#holding) await this.#released();
      const next = this.#queue.shift();
      if (next !== undefined) await this.#deliver(next);
    }
    this.#working = false;
  }

  async #deliver({ parcel, mode, since }: Waiting): Promise<void> {
    switch (mode.kind) {
      case 'pass':
      case 'hold':
      case 'reset':
        return this.#write(parcel);
      case 'black-hole':
        return;
      case 'delay':
        // Counted from its arrival, so that many chunks are late together and not one after the other.
        await sleep(since + mode.milliseconds + (mode.jitter ?? 0) * this.#state.random() - performance.now());
        return this.#write(parcel);
      case 'drop-after':
        return this.#writeWithin(parcel);
      case 'drip':
        return this.#drip(parcel, mode);
    }
  }

  #writeWithin(parcel: Parcel): void {
    if (parcel === 'end') return this.#write(parcel);
    const part = parcel.subarray(0, this.#budget);
    this.#budget -= part.byteLength;
    if (this.#budget > 0) return this.#write(part);
    if (this.#deps.to.writable) this.#deps.to.write(part, () => this.#deps.cut());
    else this.#deps.cut();
  }

  async #drip(parcel: Parcel, mode: Extract<FaultMode, { readonly kind: 'drip' }>): Promise<void> {
    if (parcel === 'end') return this.#write(parcel);
    for (let offset = 0; offset < parcel.byteLength; offset += mode.bytes) {
      this.#write(parcel.subarray(offset, offset + mode.bytes));
      await sleep(mode.milliseconds);
    }
  }

  #write(parcel: Parcel): void {
    const { to } = this.#deps;
    if (to.destroyed || to.writableEnded) return;
    if (parcel === 'end') to.end();
    else to.write(parcel);
  }

  async #released(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, milliseconds));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}
