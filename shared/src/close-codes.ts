/**
 * WebSocket close codes. y-websocket takes 4400–4499 as final and never returns, so every code that a client should
 * retry lies outside that band (1012 and 45xx); @hocuspocus/provider reconnects whatever the code is.
 */
export const CLOSE_CODES = {
  /** The bytes are not what the protocol allows. */
  protocolViolation: 4400,
  /** No valid token arrived in time, or too many bad ones did. */
  unauthorized: 4401,
  /** The token does not allow what the address asks for. */
  forbidden: 4403,
  /** A message is larger than `LIMIT_MESSAGE_BYTES`; sent by the WebSocket layer itself (RFC 6455). */
  messageTooLarge: 1009,
  /** The server is going away; another node, or this one in a moment, takes over. */
  goingAway: 1012,
  /** Something failed on the server's side. */
  internal: 4500,
  /** The document's live state was dropped and must be loaded anew. */
  roomDiscarded: 4502,
  /** The store is away or the server is full. */
  unavailable: 4503,
  /** The client took none of what it was sent for too long. */
  slowReader: 4508,
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

/** Whether a client does well to come back by itself after this code. */
export function isRetryableCloseCode(code: number): boolean {
  return code < 4400 || code > 4499;
}
