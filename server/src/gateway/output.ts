import type { WebSocket } from 'ws';
import type { Socket } from 'node:net';

/** The sending half of one socket: frames of one tick leave in one write, and a reader that takes nothing is found out. */
export interface Output {
  send(frame: Uint8Array): void;
  /** Bytes that the peer has not taken yet. */
  readonly buffered: number;
  /**
   * To be called at intervals: how long the peer has taken nothing although something waits for it. Judged by
   * progress, not by size, so a large document on a slow line is none of its business.
   */
  stalledFor(now: number): number;
}

export function createOutput(webSocket: WebSocket, raw: Socket): Output {
  let corked = false;
  let sent = 0;
  let drained = 0;
  let progressAt: number | null = null;

  const uncork = (): void => {
    corked = false;
    raw.uncork();
  };

  return {
    send(frame) {
      if (!corked) {
        corked = true;
        raw.cork();
        process.nextTick(uncork);
      }
      sent += frame.byteLength;
      webSocket.send(frame);
    },
    get buffered() {
      return webSocket.bufferedAmount;
    },
    stalledFor(now) {
      const taken = sent - webSocket.bufferedAmount;
      if (webSocket.bufferedAmount === 0 || taken !== drained || progressAt === null) {
        drained = taken;
        progressAt = now;
        return 0;
      }
      return now - progressAt;
    },
  };
}
