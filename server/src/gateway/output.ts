import type { WebSocket } from 'ws';
import type { Socket } from 'node:net';
import { FramesInHand } from './frames-in-hand.ts';
import type { OutputPool, OutputShare } from './output-pool.ts';

/** The sending half of one socket: frames of one turn leave in one write, and a reader that takes nothing is found out. */
export interface Output {
  /**
   * Sends a message that `frames.ts` has framed. It goes past ws's own sender, whose only part is control frames: both
   * write whole frames, so they never mix, and a small message costs one write of one buffer. `taken` is called once
   * the network has taken it, and never when the socket ends before. What the peer `asked` for is not held against it,
   * nor against the node.
   */
  send(frame: Uint8Array, taken?: () => void, asked?: boolean): void;
  /** As `send`, a message in two parts. The second one counts once for the node, whoever else is sent it. */
  sendInParts(head: Uint8Array, body: Uint8Array): void;
  /** Writes what waits for the end of the turn, as far as the peer takes it. */
  flush(): void;
  /** Writes all that waits, before a close frame, which goes by another way. */
  finish(): void;
  /** Lets go of all that waits, unsent. Frames are sent whole, so others may still follow. */
  drop(): void;
  /** Bytes that the peer has not taken yet. */
  readonly buffered: number;
  /**
   * To be called at intervals: for how many milliseconds the peer has made no progress. To take nothing of what waits is
   * none. Where more waits than a reader should leave behind, it is none either to take no more than what comes in.
   * Judged without the `inFlight` bytes that the peer asked for: a large document on a slow line has its time.
   */
  stalledFor(now: number, inFlight: number): number;
}

/** Bytes behind which a reader may stay for long, besides what it asked for. */
const BACKLOG = 8 * 1024 * 1024;
/** Bytes handed to the network in one go; what waits behind them is our own to count. */
const PIECE = 256 * 1024;
/** Written frames that the queue may still hold, so that it is not copied for each one. */
const LONG_QUEUE = 1_000;
const NO_BYTES = new Uint8Array(0);

/** Flushes the outputs that were written to, all at the end of the turn. */
export interface OutputFlusher {
  schedule(output: Output): void;
}

/** Resolved for ever. A reaction to it runs when the turn's own code is done, and costs less than a tick of Node's. */
const TURN_DONE = Promise.resolve();

export function createOutputFlusher(): OutputFlusher {
  let due: Output[] = [];
  const run = (): void => {
    const outputs = due;
    due = [];
    for (const output of outputs) output.flush();
  };
  return {
    schedule(output) {
      if (due.length === 0) TURN_DONE.then(run).catch(throwUncaught);
      due.push(output);
    },
  };
}

/** Frames that were not written leave clients waiting, so an error here ends the process like any unforeseen one. */
function throwUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

export interface OutputDeps {
  readonly webSocket: WebSocket;
  readonly raw: Socket;
  readonly flusher: OutputFlusher;
  readonly pool: OutputPool;
  /** Ends the socket, since too much waits on the node and most of it here. */
  readonly onShed: () => void;
  /** Called at the end of a turn in which the peer took less than it was sent, with what waits now. */
  readonly onBacklog: (buffered: number) => void;
}

export function createOutput(deps: OutputDeps): Output {
  return new SocketOutput(deps);
}

class SocketOutput implements Output {
  readonly #deps: OutputDeps;
  /** Frames from `#next` on wait. */
  #queue: Uint8Array[] = [];
  #next = 0;
  #queuedBytes = 0;
  /** Up to here, what waits is counted by the node. */
  #heldTo = 0;
  readonly #share: OutputShare;
  readonly #inHand: FramesInHand;
  /** Frames that wait and were asked for. */
  readonly #asked = new Set<Uint8Array>();
  /** Frames that wait and go on with the next one: both are written, or neither. */
  readonly #heads = new Set<Uint8Array>();
  #scheduled = false;
  /** Who wants to know when a frame was taken. */
  readonly #taken = new Map<Uint8Array, () => void>();
  /** Bytes given to the socket, whether taken or not. */
  #handed = 0;
  /** What was seen of the peer's progress at the last look, and since when there was none. */
  #seen = { taken: 0, queueSize: 0, least: Infinity };
  #stalledSince: number | null = null;

  constructor(deps: OutputDeps) {
    this.#deps = deps;
    this.#share = deps.pool.join({ settle: () => this.#settle(), end: deps.onShed });
    this.#inHand = new FramesInHand(this.#share);
    deps.raw.on('drain', () => {
      this.flush();
    });
  }

  send(frame: Uint8Array, taken?: () => void, asked = false): void {
    this.#push(frame);
    if (taken !== undefined) this.#taken.set(frame, taken);
    if (asked) this.#asked.add(frame);
  }

  sendInParts(head: Uint8Array, body: Uint8Array): void {
    this.#heads.add(head);
    this.#push(head);
    this.#push(body);
  }

  #push(bytes: Uint8Array): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#deps.flusher.schedule(this);
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
  }

  flush(): void {
    this.#scheduled = false;
    this.#settle();
    if (!this.#deps.raw.writableNeedDrain) this.#write(PIECE);
    if (this.#next < this.#queue.length) {
      this.#holdQueue();
      this.#deps.onBacklog(this.buffered);
    }
    if (this.#share.bytes > 0) this.#share.judge();
  }

  finish(): void {
    this.#write(Infinity);
  }

  drop(): void {
    for (let at = this.#next; at < this.#heldTo; at += 1) this.#release(this.#queue[at] ?? NO_BYTES);
    this.#inHand.settle(Infinity);
    this.#queue = [];
    this.#next = 0;
    this.#heldTo = 0;
    this.#queuedBytes = 0;
    this.#taken.clear();
    this.#asked.clear();
    this.#heads.clear();
  }

  #write(most: number): void {
    const { raw } = this.#deps;
    // To write to a socket that was ended makes an error with a stack each time, and clients may leave by the hundred.
    if (!raw.writable || this.#next === this.#queue.length) return;
    const from = this.#next;
    const several = this.#queue.length - from > 1;
    if (several) raw.cork();
    let isWithin = false;
    for (let bytes = 0; (bytes < most || isWithin) && this.#next < this.#queue.length; this.#next += 1) {
      const frame = this.#queue[this.#next] ?? NO_BYTES;
      bytes += frame.byteLength;
      this.#writeFrame(frame);
      isWithin = this.#heads.size > 0 && this.#heads.delete(frame);
    }
    if (several) raw.uncork();
    this.#noteWritten(from);
    if (this.#next === this.#queue.length || this.#next > LONG_QUEUE) {
      this.#queue = this.#queue.slice(this.#next);
      this.#heldTo = Math.max(0, this.#heldTo - this.#next);
      this.#next = 0;
    }
  }

  #writeFrame(frame: Uint8Array): void {
    this.#queuedBytes -= frame.byteLength;
    this.#handed += frame.byteLength;
    const taken = this.#taken.size === 0 ? undefined : this.#taken.get(frame);
    if (taken === undefined) {
      this.#deps.raw.write(frame);
      return;
    }
    this.#taken.delete(frame);
    this.#deps.raw.write(frame, (error) => {
      // With an error the socket is gone, and with it everybody who waited.
      if (error === null || error === undefined) taken();
    });
  }

  /** Forgets the written frames of the queue, from an index on, and counts those that the network has not taken. */
  #noteWritten(from: number): void {
    if (this.#heldTo > from || this.#asked.size > 0 || this.#deps.raw.writableLength > 0) this.#keepInHand(from);
    this.#queue.fill(NO_BYTES, from, this.#next);
  }

  #keepInHand(from: number): void {
    let end = this.#handed;
    for (let at = from; at < this.#next; at += 1) end -= this.#queue[at]?.byteLength ?? 0;
    for (let at = from; at < this.#next; at += 1) {
      const frame = this.#queue[at] ?? NO_BYTES;
      end += frame.byteLength;
      if (this.#asked.delete(frame)) continue;
      if (at >= this.#heldTo) this.#share.hold(frame);
      this.#inHand.add(frame, end);
    }
    this.#settle();
  }

  #settle(): void {
    this.#inHand.settle(this.#handed - this.#deps.raw.writableLength);
  }

  /** Has the node count what waits in the queue. */
  #holdQueue(): void {
    for (let at = Math.max(this.#next, this.#heldTo); at < this.#queue.length; at += 1) {
      const frame = this.#queue[at] ?? NO_BYTES;
      if (!this.#asked.has(frame)) this.#share.hold(frame);
    }
    this.#heldTo = this.#queue.length;
  }

  #release(frame: Uint8Array): void {
    if (!this.#asked.has(frame)) this.#share.release(frame);
  }

  get buffered(): number {
    return this.#queuedBytes + this.#deps.webSocket.bufferedAmount;
  }

  stalledFor(now: number, inFlight: number): number {
    const { raw } = this.#deps;
    const taken = this.#handed - raw.writableLength;
    const queueSize = readQueueSize(raw);
    const backlog = this.buffered - inFlight;
    const { least, ...seen } = this.#seen;
    const moved = this.buffered === 0 || taken !== seen.taken || queueSize !== seen.queueSize;
    const progress = backlog > BACKLOG ? backlog < least : moved;
    this.#seen = { taken, queueSize, least: backlog > BACKLOG ? Math.min(backlog, least) : Infinity };
    if (progress || this.#stalledSince === null) this.#stalledSince = now;
    return now - this.#stalledSince;
  }
}

/** What the system has not taken of the write under way. A large one shows no other progress; Node's own timer reads it. */
function readQueueSize(raw: Socket): number {
  const handle: unknown = Reflect.get(raw, '_handle');
  const size: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : 0;
  return typeof size === 'number' ? size : 0;
}
