import type { WebSocket } from 'ws';
import type { Socket } from 'node:net';

/** The sending half of one socket: frames of one turn leave in one write, and a reader that takes nothing is found out. */
export interface Output {
  /**
   * Sends a message that `frames.ts` has framed. It goes past ws's own sender, whose only part is control frames: both
   * write whole frames, so they never mix, and a small message costs one write of one buffer.
   */
  send(frame: Uint8Array): void;
  /** Writes what waits for the end of the turn now: before a close frame, which goes by another way. */
  flush(): void;
  /** Bytes that the peer has not taken yet. */
  readonly buffered: number;
  /**
   * To be called at intervals: how long the peer has taken nothing although something waits for it. Judged by
   * progress, not by size, so a large document on a slow line is none of its business.
   */
  stalledFor(now: number): number;
}

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

export function createOutput(webSocket: WebSocket, raw: Socket, flusher: OutputFlusher): Output {
  return new SocketOutput(webSocket, raw, flusher);
}

class SocketOutput implements Output {
  readonly #webSocket: WebSocket;
  readonly #raw: Socket;
  readonly #flusher: OutputFlusher;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #sent = 0;
  #drained = 0;
  #progressAt: number | null = null;

  constructor(webSocket: WebSocket, raw: Socket, flusher: OutputFlusher) {
    this.#webSocket = webSocket;
    this.#raw = raw;
    this.#flusher = flusher;
  }

  send(frame: Uint8Array): void {
    if (this.#waiting.length === 0) this.#flusher.schedule(this);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.byteLength;
    this.#sent += frame.byteLength;
  }

  flush(): void {
    const raw = this.#raw;
    const frames = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (raw.destroyed) return;
    if (frames.length > 1) raw.cork();
    for (const frame of frames) raw.write(frame);
    if (frames.length > 1) raw.uncork();
  }

  get buffered(): number {
    return this.#waitingBytes + this.#webSocket.bufferedAmount;
  }

  stalledFor(now: number): number {
    const { bufferedAmount } = this.#webSocket;
    const taken = this.#sent - bufferedAmount;
    if (bufferedAmount === 0 || taken !== this.#drained || this.#progressAt === null) {
      this.#drained = taken;
      this.#progressAt = now;
      return 0;
    }
    return now - this.#progressAt;
  }
}
