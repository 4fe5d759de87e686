import type { Random } from '../support/random.ts';
import type { Life } from './life.ts';
import type { Line, LineEvents } from './line.ts';
import { between } from './random-streams.ts';

export interface ClientConnectionDeps {
  readonly life: Life;
  readonly random: Random;
  /** Opens a connection to a node, to the one of this name where it takes any; `null` when no node does. */
  readonly connect: (events: LineEvents, node: string | null) => Line | null;
  readonly events: LineEvents;
  /** Called when a connection is over for this side, whatever state it was in. */
  readonly onDropped: () => void;
}

/** Milliseconds after which a client comes back. */
interface Delay {
  readonly from: number;
  readonly to: number;
}

const USUAL_DELAY: Delay = { from: 100, to: 1_000 };

/** A client's way to the nodes: one connection at a time, and another one a while after each that has ended. */
export class ClientConnection {
  readonly #deps: ClientConnectionDeps;
  #line: Line | null = null;
  /** Tells the events of one connection from those of the ones before it. */
  #number = 0;
  #open = false;
  #offline = false;
  #waiting = false;
  #node: string | null = null;
  #delay = USUAL_DELAY;

  constructor(deps: ClientConnectionDeps) {
    this.#deps = deps;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Connects, now or as soon as it can. */
  start(): void {
    this.#offline = false;
    this.#connect();
  }

  /** The network goes away, and comes back later, perhaps leading to another node. */
  loseNetwork(milliseconds: number, node: string | null): void {
    this.#offline = true;
    this.#line?.cut();
    this.#drop();
    this.#node = node;
    this.#deps.life.after(milliseconds, () => this.start());
  }

  /** Says goodbye and comes back after a while, to this node where it can. */
  renew(node: string | null = null): void {
    this.#node = node;
    this.#line?.close();
    this.#drop();
    this.#connectLater();
  }

  /** Opens another connection at once, as the SDK does for a document that begins anew. */
  reopen(): void {
    this.#line?.close();
    this.#drop();
    this.#connect();
  }

  /** Breaks off without knowing it. */
  cut(): void {
    this.#line?.cut();
  }

  /** Comes back within this range when the connection ends the next time, as the server has asked for. */
  returnWithin(delay: Delay): void {
    this.#delay = delay;
  }

  send(frame: Uint8Array): void {
    if (this.#open) this.#line?.send(frame);
  }

  #connect(): void {
    if (this.#offline || this.#line !== null) return;
    const { connect, events } = this.#deps;
    this.#number += 1;
    const number = this.#number;
    const ifCurrent = (run: () => void): void => {
      if (this.#number === number && this.#line !== null) run();
    };
    const onOpen = (): void => {
      this.#open = true;
      this.#delay = USUAL_DELAY;
      events.onOpen();
    };
    const onClose = (code: number | null): void => {
      this.#drop();
      events.onClose(code);
      this.#connectLater();
    };
    this.#line = connect(
      {
        onOpen: () => ifCurrent(onOpen),
        onMessage: (message) => ifCurrent(() => events.onMessage(message)),
        onClose: (code) => ifCurrent(() => onClose(code)),
      },
      this.#node,
    );
    this.#node = null;
    if (this.#line === null) this.#connectLater();
  }

  #connectLater(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    const { from, to } = this.#delay;
    this.#delay = USUAL_DELAY;
    this.#deps.life.after(between(this.#deps.random, from, to), () => {
      this.#waiting = false;
      this.#connect();
    });
  }

  #drop(): void {
    this.#number += 1;
    this.#line = null;
    this.#open = false;
    this.#deps.onDropped();
  }
}
