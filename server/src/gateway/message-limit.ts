import type { WebSocket } from 'ws';

/** How far a socket has come: nobody has knocked, somebody is on the way in, somebody was let in. */
export type SocketStage = 'outside' | 'entering' | 'inside';

/** Largest message of each stage; a larger one ends the socket at its header, before any of it is kept. */
export interface MessageLimits {
  readonly messageBytes: number;
  /** Of a client that has not shown a token. */
  readonly loginBytes: number;
}

/** What may come in one message behind a token that nobody has judged yet. */
const ENTERING_BYTES = 1024 * 1024;

/** Largest message that a socket of the stage may send. */
export function largestMessage(stage: SocketStage, { messageBytes, loginBytes }: MessageLimits): number {
  switch (stage) {
    case 'outside':
      return Math.min(loginBytes, messageBytes);
    case 'entering':
      return Math.min(ENTERING_BYTES, messageBytes);
    case 'inside':
      return messageBytes;
  }
}

/** Sets what the socket's receiver takes from its next frame on. `ws` fixes it for a whole server and has no word for this. */
export function limitMessages(webSocket: WebSocket, bytes: number): void {
  const receiver: unknown = Reflect.get(webSocket, '_receiver');
  if (typeof receiver !== 'object' || receiver === null || !('_maxPayload' in receiver))
    throw new Error('this version of ws keeps its limit elsewhere');
  Reflect.set(receiver, '_maxPayload', bytes);
}
