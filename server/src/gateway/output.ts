import type { WebSocket } from 'ws';
import type { Socket } from 'node:net';

/** The sending half of one socket: frames of one tick leave in one write, and a reader that takes nothing is found out. */
export interface Output {
  /**
   * Sends a message that `frames.ts` has framed. It goes past ws's own sender, whose only part is control frames: both
   * write whole frames, so they never mix, and a small message costs one write of one buffer.
   */
  send(frame: Uint8Array): void;
  /** Writes what waits for the end of the tick now: before a close frame, which goes by another way. */
  flush(): void;
  /** Bytes that the peer has not taken yet. */
  readonly buffered: number;
  /**
   * To be called at intervals: how long the peer has taken nothing although something waits for it. Judged by
   * progress, not by size, so a large document on a slow line is none of its business.
   */
  stalledFor(now: number): number;
}

/** Flushes the outputs that were written to, all at the end of the tick. */
export interface OutputFlusher {
  schedule(flush: () => void): void;
}

export function createOutputFlusher(): OutputFlusher {
  let due: (() => void)[] = [];
  const run = (): void => {
    const flushes = due;
    due = [];
    for (const flush of flushes) flush();
  };
  return {
    schedule(flush) {
      if (due.length === 0) process.nextTick(run);
      due.push(flush);
    },
  };
}

export function createOutput(webSocket: WebSocket, raw: Socket, flusher: OutputFlusher): Output {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let sent = 0;
  let drained = 0;
  let progressAt: number | null = null;

  const flush = (): void => {
    const frames = waiting;
    waiting = [];
    waitingBytes = 0;
    if (raw.destroyed) return;
    if (frames.length > 1) raw.cork();
    for (const frame of frames) raw.write(frame);
    if (frames.length > 1) raw.uncork();
  };

  return {
    flush,
    send(frame) {
      if (waiting.length === 0) flusher.schedule(flush);
      waiting.push(frame);
      waitingBytes += frame.byteLength;
      sent += frame.byteLength;
    },
    get buffered() {
      return waitingBytes + webSocket.bufferedAmount;
    },
    stalledFor(now) {
      const { bufferedAmount } = webSocket;
      const taken = sent - bufferedAmount;
      if (bufferedAmount === 0 || taken !== drained || progressAt === null) {
        drained = taken;
        progressAt = now;
        return 0;
      }
      return now - progressAt;
    },
  };
}
